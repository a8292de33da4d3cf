"""Telling other programs: what the sealed journal says goes to each webhook that asked for it, signed.

Each webhook has a thread and a turn of its own, so that one that hangs keeps no other waiting; and the turn has an end,
so that the next run may tell what happened meanwhile. Source: INTERFACES, "Webhooks"; BATTERY S9.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from lending import logs
from lending.circulation import deliveries, seals
from lending.domain.addresses import read_url
from lending.domain.signatures import signed
from lending.domain.webhooks import Verdict, verdict
from lending.errors import Refused
from lending.jobs.sending import paced
from lending.jobs.staff_mail import mail
from lending.mail.carriers import Away, NotEver, NotNow
from lending.mail.outward import SECONDS, Resolve, post
from lending.models.webhooks import StoppedWhy
from lending.queries.staff import Administrator, administrators

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from lending.circulation.deliveries import Claim, Stopped
    from lending.domain.actors import Actor
    from lending.library import Library


AT_ONCE = 4
"""Webhooks that are told at the same time."""

EVENT, DELIVERY = "X-Lending-Event", "X-Lending-Delivery"
"""Headers: what a message tells of, and its id, by which a receiver drops what it has got before."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a message: what the answer means, in a word for the list, and how long to wait before another."""

    verdict: Verdict
    word: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Messenger:
    """One run: its library, its clock, who acts, who knows the names of hosts (``None``: the system), and for how many
    ``seconds`` a receiver may think.
    """

    opened: Library
    now: Callable[[], datetime]
    by: Callable[[], Actor]
    resolve: Resolve | None = None
    seconds: float = SECONDS

    def run(self) -> int:
        """Write what there is to tell, send what is due, and tell the administrators what stopped; how many left."""
        with self.opened.db.read() as session:
            listening = deliveries.listening(session)
        self.write(listening)
        with ThreadPoolExecutor(AT_ONCE) as threads:
            sent = sum(threads.map(self.send, listening))
        self._tell_administrators()
        self.opened.db.act(lambda session: deliveries.clear_up(session, at=self.now(), by=self.by()))
        return sent

    def write(self, listening: Sequence[int]) -> None:
        """Seal the journal, and write a message for each event behind the place of each webhook."""
        sealed = seals.BATCH if listening else 0
        while sealed == seals.BATCH:
            sealed, _ = self.opened.db.act(lambda session: seals.seal(session, at=self.now()))
        for webhook_id in listening:
            while self._tell(webhook_id):
                pass

    def send(self, webhook_id: int) -> int:
        """Send what is due to one webhook, at the pace of notices, until it takes none or its turn is over; how many it
        took.
        """
        sent = 0
        for _ in paced(self.opened.settings.notices_a_second):
            claimed = self.claim(webhook_id)
            if claimed is None:
                break
            outcome = self.carry(claimed)
            self.mark(claimed, outcome)
            sent += outcome.verdict is Verdict.TAKEN
            if outcome.verdict is Verdict.NOT_NOW:
                break
        return sent

    def claim(self, webhook_id: int) -> Claim | None:
        """The next message of a webhook, for this process alone."""
        return self.opened.db.act(lambda session: deliveries.claim(session, webhook_id, **self._given()))

    def carry(self, claimed: Claim) -> Outcome:
        """Take a message to its receiver, in no transaction."""
        if claimed.secret is None:
            return Outcome(Verdict.NOT_NOW, "no secret")
        at = self.now()
        headers = {
            **signed(claimed.secret, claimed.body, at=at),
            EVENT: claimed.event,
            DELIVERY: claimed.delivery,
            "User-Agent": "lending-webhooks",
        }
        try:
            heard = post(
                claimed.url,
                claimed.body,
                headers,
                at=at,
                allowed=self.opened.settings.webhook_networks,
                seconds=self.seconds,
                resolve=self.resolve,
            )
        except Away as away:
            return Outcome(Verdict.NOT_NOW, away.problem)
        except Refused as refused:  # the name stands for an address that may not be called, or for none
            return Outcome(Verdict.NOT_NOW, refused.blocks[0].reason.value)
        return Outcome(verdict(heard.status), f"http {heard.status}", heard.retry_after)

    def mark(self, claimed: Claim, outcome: Outcome) -> None:
        """Write down what came of a message."""
        self.opened.db.act(lambda session: _mark(session, claimed, outcome, at=self.now(), by=self.by()))

    def _tell(self, webhook_id: int) -> bool:
        return self.opened.db.act(lambda session: deliveries.tell(session, webhook_id, **self._given()))

    def _given(self) -> dict[str, Any]:
        return {"key": self.opened.settings.secret_key, "at": self.now(), "by": self.by()}

    def _tell_administrators(self) -> None:
        """By mail, once it has left or there is nobody to send it to."""
        with self.opened.db.read() as session:
            stopped = deliveries.stopped_untold(session)
            people = administrators(session) if stopped else []
        for one in stopped:
            logs.error("webhook switched off", webhook=one.webhook, why=one.why.value)
            told = [self._is_told(person, one) for person in people]
            if any(told) or not people:
                self._mark_told(one.id)

    def _mark_told(self, webhook_id: int) -> None:
        self.opened.db.act(lambda session: deliveries.mark_told(session, webhook_id, at=self.now(), by=self.by()))

    def _is_told(self, person: Administrator, stopped: Stopped) -> bool:
        subject, paragraphs = _words(person, stopped)
        try:
            mail(self.opened, person.email, subject, paragraphs, at=self.now(), language=person.language)
        except (Away, NotNow, NotEver) as error:
            logs.error("administrator not told", problem=error.problem)
            return False
        return True


def tell_programs(opened: Library, at: datetime, *, by: Callable[[], Actor], resolve: Resolve | None = None) -> int:
    """Tell every webhook what happened until ``at``, and then while the clock goes on; how many messages were taken."""
    begun = opened.clock.now()
    return Messenger(opened, lambda: at + (opened.clock.now() - begun), by, resolve).run()


def _mark(session: Session, claimed: Claim, outcome: Outcome, *, at: datetime, by: Actor) -> None:
    match outcome.verdict:
        case Verdict.TAKEN:
            deliveries.mark_taken(session, claimed, at=at, by=by)
        case Verdict.REFUSED:
            deliveries.mark_refused(session, claimed, outcome.word, at=at, by=by)
        case Verdict.GONE:
            deliveries.mark_gone(session, claimed, outcome.word, at=at, by=by)
        case Verdict.NOT_NOW | Verdict.CHOKED:
            choked = outcome.verdict is Verdict.CHOKED
            again = outcome.retry_after
            deliveries.mark_not_taken(session, claimed, outcome.word, choked=choked, retry_after=again, at=at, by=by)


def _words(person: Administrator, stopped: Stopped) -> tuple[str, list[str]]:
    """Subject and paragraphs, in the administrator's language."""
    from babel.support import Translations

    from lending import paths

    _ = Translations.load(str(paths.LOCALE), [person.language]).gettext
    gone = stopped.why is StoppedWhy.GONE
    return _("A webhook was switched off"), [
        _("The program at %(host)s is told of nothing any more.") % {"host": read_url(stopped.url).host},
        _("It answered that it wants no more messages.") if gone else _("Nothing got through to it for three days."),
        _("The page Webhooks says what went wrong. Started again there, it is told what happened meanwhile."),
    ]
