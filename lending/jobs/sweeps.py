"""What the library does by itself: sweeps, each by its name.

A sweep finds in the database what is due at an instant and does it in short acts; a second run finds nothing left to
do. An act that fails keeps no other: it is told when all were tried. Source: INTERFACES ("Commands").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from lending import logs
from lending.jobs.keeping import back_up, keep_head
from lending.jobs.ping import ping
from lending.jobs.privacy import strike_privacy_clock, tell_of_openings

if TYPE_CHECKING:
    from lending.circulation.overdue import Climbed, Cursor, Stretch
    from lending.domain.actors import Actor
    from lending.domain.ladders import Ladder
    from lending.library import Library


MOST_FAILURES = 5
"""Acts of one sweep that may fail before it is broken off."""


def settle_incomplete(opened: Library, at: datetime) -> int:
    """Bill the parts that were not brought back in time, and close their loans."""
    from lending.circulation.missing_parts import settle_incomplete_loans

    return _until_done(
        lambda: opened.db.act(lambda session: settle_incomplete_loans(session, at=at, by=_sweeper(), limit=100)), 100
    )


def free_rested(opened: Library, at: datetime) -> int:
    """Free the kits whose quarantine is over."""
    from lending.circulation.turnaround import free_rested_kits

    return opened.db.act(lambda session: free_rested_kits(session, at=at, by=_sweeper()))


def sweep_shelf(opened: Library, at: datetime) -> int:
    """End what nobody collected, and promise what that or the day alone made free."""
    from lending.circulation.reservations import serve_waiting, waited_for
    from lending.circulation.shelf import expire_shelf

    expired = _until_done(
        lambda: opened.db.act(lambda session: expire_shelf(session, at=at, by=_sweeper(), limit=100)), 100
    )
    with opened.db.read() as session:
        stock_ids = waited_for(session)

    def serve(stock_id: int) -> int:
        return opened.db.act(lambda session: serve_waiting(session, stock_id, at=at, by=_sweeper()))

    return expired + _each(partial(serve, stock_id) for stock_id in stock_ids)


def pass_offers_on(opened: Library, at: datetime) -> int:
    """End the offers of seats that nobody answered, and give or offer every seat that stands free to the next."""
    from lending.programs.offers import give_free_seats, lapse_offers

    lapsed = _until_done(lambda: opened.db.act(lambda s: lapse_offers(s, at=at, by=_sweeper(), limit=100)), 100)
    return lapsed + opened.db.act(lambda s: give_free_seats(s, at=at, by=_sweeper(), limit=100))


def complete_sessions(opened: Library, at: datetime) -> int:
    """Complete the cohorts that are over, let go whoever still waited, and close the queues of programmes that end."""
    from lending.programs.closing import close_queues
    from lending.programs.completion import complete_cohorts

    completed = _until_done(lambda: opened.db.act(lambda s: complete_cohorts(s, at=at, by=_sweeper(), limit=10)), 10)
    return completed + _until_done(
        lambda: opened.db.act(lambda s: close_queues(s, at=at, by=_sweeper(), limit=100)), 100
    )


def chase(opened: Library, at: datetime) -> int:
    """Let every loan take the steps of its ladder that are due: notices, lines, calls, and kits given up.

    Whoever is no longer late is let go first.
    """
    from lending.circulation.ladders import ladders
    from lending.circulation.overdue import stretches
    from lending.circulation.suspension import close_void_calls, let_go, no_longer_late

    with opened.db.read() as session:
        known, found, freed = ladders(session), stretches(session), no_longer_late(session, at=at)

    def go(loan: int) -> bool:
        return opened.db.act(lambda session: let_go(session, loan, at=at, by=_sweeper()))

    def close_void() -> int:
        return opened.db.act(lambda session: close_void_calls(session, at=at, by=_sweeper()))

    def go_after(stretch: Stretch) -> int:
        return _chase(opened, stretch, known.get(stretch.kit_type_id, known[None]), at)

    let_them_go, go_after_them = (partial(go, loan) for loan in freed), (partial(go_after, each) for each in found)
    return _each([*let_them_go, close_void, *go_after_them])


def _chase(opened: Library, stretch: Stretch, ladder: Ladder, at: datetime) -> int:
    from lending.circulation.overdue import assume_lost, climb, to_give_up

    with opened.db.read() as session:
        lost = to_give_up(session, stretch, ladder, at=at)

    def give_up(loan: int) -> bool:
        return opened.db.act(lambda session: assume_lost(session, loan, ladder, at=at, by=_sweeper()))

    def go_on(since: Cursor | None) -> Climbed:
        return opened.db.act(lambda s: climb(s, stretch, ladder, at=at, by=_sweeper(), limit=2000, since=since))

    def climb_all() -> int:
        climbed = go_on(None)
        done = climbed.loans
        while climbed.until is not None:
            climbed = go_on(climbed.until)
            done += climbed.loans
        return done

    return _each([*(partial(give_up, loan) for loan in lost), climb_all])


def renew_loans(opened: Library, at: datetime) -> int:
    """Renew the open loans that are due soon, where their policy says so and nobody waits for the kit."""
    from lending.circulation.renewal import renew_by_itself, to_renew
    from lending.errors import Refused

    def renew(loan: int) -> bool:
        try:
            return opened.db.act(lambda session: renew_by_itself(session, loan, at=at, by=_sweeper()))
        except Refused:
            return False  # it is due as before, and the ladder says so

    with opened.db.read() as session:
        soon = to_renew(session, at=at)
    return _each(partial(renew, loan) for loan in soon)


def seal_journal(opened: Library, at: datetime) -> int:
    """Chain the journal's rows that are not sealed yet."""
    from lending.circulation.seals import BATCH, seal

    return _until_done(lambda: opened.db.act(lambda session: seal(session, at=at))[0], BATCH)


def forget_sign_ins(opened: Library, at: datetime) -> int:
    """Forget guesses that count no more, codes for a new PIN, and ended sessions whose cookies are too old anyway."""
    from lending.circulation.pin_codes import forget_codes
    from lending.circulation.sign_ins import forget_guesses, forget_sessions

    shift = timedelta(hours=opened.settings.session_hours)
    forgotten = opened.db.act(lambda s: forget_guesses(s, at=at)) + opened.db.act(lambda s: forget_codes(s, at=at))
    return forgotten + opened.db.act(lambda s: forget_sessions(s, shift=shift, at=at))


def forget_keys(opened: Library, at: datetime) -> int:
    """Forget the keys of acts that nobody sends again."""
    from lending.circulation.acts import forget_keys

    return _until_done(lambda: opened.db.act(lambda session: forget_keys(session, at=at, limit=1000)), 1000)


def forget_imports(opened: Library, at: datetime) -> int:
    """Forget what records said before an import that can be undone no more, and files that nobody imported."""
    from lending.circulation.imports.runs import forget_files, forget_rows

    return opened.db.act(lambda s: forget_rows(s, at=at)) + opened.db.act(lambda s: forget_files(s, at=at))


def send_notices(opened: Library, at: datetime) -> int:
    """Send what waits in the outbox and is due; letters wait for whoever prints them."""
    from lending.jobs.notices import send

    return send(opened, at, by=_sweeper)


def tell_of_workshops(opened: Library, at: datetime) -> int:
    """Put a word about tomorrow's workshops into the outbox of everybody with a seat, and ask how yesterday's were."""
    from lending.programs.survey_notices import tell_of_surveys
    from lending.programs.workshop_notices import tell_of_tomorrow

    told = opened.db.act(lambda session: tell_of_tomorrow(session, at=at, by=_sweeper()))
    if opened.settings.site_url is None:
        return told  # a survey is answered by its link
    return told + opened.db.act(lambda session: tell_of_surveys(session, at=at, by=_sweeper()))


def count_days(opened: Library, at: datetime) -> int:
    """Count the kits of every day that is over, make the keys of periods to come, and destroy those that are over."""
    from lending.circulation.served import keep_keys
    from lending.circulation.stock_days import DayOver, count_stock, days_over

    def count(over: DayOver) -> bool:
        return opened.db.act(lambda session: count_stock(session, over, at=at, by=_sweeper()))

    with opened.db.read() as session:
        found = days_over(session, at=at)
    today = at.astimezone(ZoneInfo(opened.settings.zone)).date()
    return sum(map(count, found)) + opened.db.act(lambda session: keep_keys(session, today=today, at=at))


def tell_programs(opened: Library, at: datetime) -> int:
    """Tell other programs what happened, each of what it asked for."""
    from lending.jobs.webhooks import tell_programs

    return tell_programs(opened, at, by=_sweeper)


def mail_last_week(opened: Library, at: datetime) -> int:
    """Mail last week's figures to managers, leads and administrators, once each."""
    from lending.jobs.weekly import send_weekly

    return send_weekly(opened, at, by=_sweeper)


SWEEPS: Mapping[str, Callable[[Library, datetime], int]] = {
    "backup": back_up,
    "cohorts": complete_sessions,
    "counts": count_days,
    "imports": forget_imports,
    "incomplete": settle_incomplete,
    "journal-head": keep_head,
    "keys": forget_keys,
    "notices": send_notices,
    "offers": pass_offers_on,
    "overdue": chase,
    "ledger": tell_of_openings,
    "ping": ping,
    "privacy": strike_privacy_clock,
    "quarantine": free_rested,
    "renewals": renew_loans,
    "seals": seal_journal,
    "shelf": sweep_shelf,
    "sign-ins": forget_sign_ins,
    "webhooks": tell_programs,
    "weekly-mail": mail_last_week,
    "workshops": tell_of_workshops,
}
"""Every sweep by name; each gives how many things it did."""


def _sweeper() -> Actor:
    """The system at its own work, as one new act."""
    from lending.domain.actors import Actor, Door
    from lending.domain.permissions import Role
    from lending.models.base import new_public_id

    return Actor(role=Role.SYSTEM, door=Door.JOBS, act=new_public_id())


def _each(acts: Iterable[Callable[[], int]]) -> int:
    """Do one act after another, also behind one that fails; how many things they did. Raises what failed first.

    After ``MOST_FAILURES`` it is the database that is away, and no single act.
    """
    done, failures = 0, list[Exception]()
    for act in acts:
        try:
            done += act()
        except Exception as error:  # noqa: BLE001 - raised below, when the others had their turn
            logs.bug(error)
            failures.append(error)
            if len(failures) == MOST_FAILURES:
                break
    if failures:
        raise failures[0]
    return done


def _until_done(step: Callable[[], int], limit: int) -> int:
    """Take steps until one does less than it might have."""
    done = step()
    total = done
    while done == limit:
        done = step()
        total += done
    return total
