"""The alarm: each web process looks whether the jobs run; the first to see that they do not tells the administrators.

It is the web that tells, because a process that is gone cannot. A look a minute; only what was wrong at two looks in a
row is told, once, and again after a day. Source: RULES 6 ("The web process itself tells administrators").
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from lending import logs
from lending.circulation import jobs as kept
from lending.jobs.staff_mail import mail
from lending.mail.carriers import Away, NotEver, NotNow
from lending.queries.jobs import jobs_shown
from lending.queries.staff import Administrator, administrators

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from lending.library import Library

EVERY_SECONDS = 60.0


class Alarm:
    """What one web process saw at its last look."""

    def __init__(self, opened: Library) -> None:
        self._opened = opened
        self._before: frozenset[str] = frozenset()

    def look(self) -> tuple[str, ...]:
        """Look once; what the administrators were told of now: jobs by name, or ``THE_JOBS`` when nobody runs them."""
        at = self._opened.clock.now()
        with self._opened.db.read() as session:
            shown = jobs_shown(session, at=at)
        wrong = frozenset([kept.THE_JOBS] if shown.silent else shown.late)
        both, self._before = wrong & self._before, wrong
        new = tuple(name for name in sorted(both) if self._take(name, at))
        if new:
            logs.error("jobs are late", late=new)
            if not self._tell(new, at):
                self._opened.db.act(lambda session: _forget(session, new))
                return ()
        return new

    def _take(self, name: str, at: datetime) -> bool:
        return self._opened.db.act(lambda session: kept.take_telling(session, name, at=at))

    def _tell(self, new: tuple[str, ...], at: datetime) -> bool:
        """Whether it is done with: somebody was told, or there is nobody or no way to tell them but the log."""
        with self._opened.db.read() as session:
            people = administrators(session)
        failed = 0
        for person in people:
            subject, paragraphs = _words(person, new)
            try:
                mail(self._opened, person.email, subject, paragraphs, at=at, language=person.language)
            except (Away, NotNow, NotEver) as error:
                failed += 1
                logs.error("administrator not told", problem=error.problem)
        return not people or failed < len(people)


def watch(opened: Library, enough: threading.Event | None = None) -> threading.Thread:
    """Look every minute, in a thread that ends with the process, or once it is ``enough``."""
    alarm, enough = Alarm(opened), enough or threading.Event()

    def go_on() -> None:
        while not enough.wait(EVERY_SECONDS):
            try:
                alarm.look()
            except Exception as error:  # noqa: BLE001 - the database is away: /readyz says so, and the next look is near
                logs.error("nobody looks after the jobs", problem=type(error).__name__)

    thread = threading.Thread(target=go_on, name="alarm", daemon=True)
    thread.start()
    return thread


def _forget(session: Session, names: tuple[str, ...]) -> None:
    for name in names:
        kept.forget_telling(session, name)


def _words(person: Administrator, names: tuple[str, ...]) -> tuple[str, list[str]]:
    """Subject and paragraphs, in the administrator's language."""
    from babel.support import Translations

    from lending import paths

    _ = Translations.load(str(paths.LOCALE), [person.language]).gettext
    if kept.THE_JOBS in names:
        return _("Nobody runs the jobs"), [
            _("No process has run the library's jobs for more than a minute."),
            _("Until one does, nobody is told of a due date, and nothing that was promised moves on."),
            _("Start it again on the server with: lending jobs"),
        ]
    return _("A job is late"), [
        _("These jobs have not run well for too long: %(names)s.") % {"names": ", ".join(names)},
        _("The page Jobs says since when and why. To run one by hand: lending jobs run NAME"),
    ]
