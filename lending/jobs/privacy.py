"""What the library does by itself about people's data: the privacy clock, and telling who opens the sealed ledger.

Source: RULES 8, "Two clocks".
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from lending.domain.actors import Actor
    from lending.library import Library
    from lending.queries.staff import Administrator


def strike_privacy_clock(opened: Library, at: datetime) -> int:
    """Cut every link whose time has come, in short acts, and leave nothing of it in the file; how many rows.

    Raises ``LedgerKeyLost`` while names are sealed with a key that is gone: a name is never cut without being sealed.
    """
    from lending.circulation import privacy_clock as clock

    opened.forget_own_settings()
    hour = clock.hour_at(
        at,
        cut_after_days=opened.own_settings().cut_after_days,
        today=at.astimezone(ZoneInfo(opened.settings.zone)).date(),
        seal=opened.name_seal(),
    )

    def once(step: str) -> int:
        return opened.db.act(lambda session: clock.strike(session, step, hour, by=_sweeper()))

    done = 0
    for step in clock.ALL_STEPS:
        cut = once(step)
        while cut:
            done += cut
            cut = once(step) if cut >= clock.BATCH else 0
    opened.db.forget_old_pages()
    return done


def tell_of_openings(opened: Library, at: datetime) -> int:
    """Tell every other administrator that somebody asks to open the sealed ledger; of how many wishes all know.

    Where one of them has no address, or no mail gets through, the wish waits for another's approval.
    """
    from lending.circulation.ledger_openings import note_told
    from lending.queries.ledger import untold
    from lending.queries.staff import other_administrators

    def note(opening_id: int) -> None:
        opened.db.act(lambda session: note_told(session, opening_id=opening_id, at=at, by=_sweeper()))

    done = 0
    with opened.db.read() as session:
        waiting = [(opening_id, other_administrators(session, asker)) for opening_id, asker in untold(session, at)]
    for opening_id, (others, unreached) in waiting:
        if not unreached and all(_told(opened, other, at) for other in others):
            note(opening_id)
            done += 1
    return done


def _told(opened: Library, person: Administrator, at: datetime) -> bool:
    """Whether a mail about a wish to open the ledger left for somebody."""
    from babel.support import Translations

    from lending import logs, paths
    from lending.jobs.staff_mail import mail
    from lending.mail.carriers import Away, NotEver, NotNow
    from lending.phrases import N_

    _ = Translations.load(str(paths.LOCALE), [person.language]).gettext
    subject = _(N_("Somebody asks to open the sealed ledger"))
    paragraphs = [
        _(N_("Another administrator asks to open the sealed ledger of ECF equipment, which names borrowers.")),
        _(N_("Approve it or take it back under Administration, The sealed ledger. If nobody does, it opens in a day.")),
    ]
    try:
        return mail(opened, person.email, subject, paragraphs, at=at, language=person.language)
    except (Away, NotNow, NotEver) as error:
        logs.error("administrator not told", problem=error.problem)
        return False


def _sweeper() -> Actor:
    from lending.domain.actors import Actor, Door
    from lending.domain.permissions import Role
    from lending.models.base import new_public_id

    return Actor(role=Role.SYSTEM, door=Door.JOBS, act=new_public_id())
