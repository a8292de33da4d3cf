"""Messages to webhooks: written from the sealed journal, then claimed one by one, sent, and marked.

No act of the desk knows of webhooks. A sweep reads the seals behind the place each webhook remembers: seals commit in
one order, so none appears behind that place later, as a row of the journal may. The messages and the new place are one
transaction, and so are each claim and each mark; nothing is held while a message travels. A process that dies in
between leaves a claim that another takes over when it has grown old: a receiver may get a message twice, under the same
id, and never misses one. Source: INTERFACES, "Webhooks: signed ..., retried, listed".
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, exists, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from lending.circulation.journal import record
from lending.circulation.webhooks import TOO_OLD
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.webhooks import (
    EVENT_OF,
    FAILING_FOR,
    FIELDS,
    IN_THE_WAY,
    KEPT_FOR,
    MOST_TRIES,
    REACHES_BACK,
    as_kept,
    is_hidden,
    is_wanted,
    pause,
    secret_in,
)
from lending.models.base import AnyRow, new_public_id, table_of
from lending.models.branches import Branch
from lending.models.cohorts import Cohort
from lending.models.journal import JournalEntry, JournalSeal
from lending.models.kits import Kit, KitType
from lending.models.lines import Line
from lending.models.loans import Loan
from lending.models.webhooks import DeliveryState, StoppedWhy, Webhook, WebhookDelivery

BATCH = 1_000
"""Rows of the journal that one act reads for one webhook."""

LEASE = timedelta(minutes=2)
"""How old a claim is before it counts as left behind; longer than any message may take."""

_deliveries = table_of(WebhookDelivery)
_journal, _seals = table_of(JournalEntry), table_of(JournalSeal)
_OPEN = (DeliveryState.PENDING, DeliveryState.SENDING)
_SINCE = (
    select(
        *(_seals.c.id.label("seal_id"), _journal.c.verb, _journal.c.at, _journal.c.recorded_at, _journal.c.detail),
        *(Branch.code.label("branch"), Kit.barcode.label("kit"), KitType.code.label("kit_type")),
        *(Loan.public_id.label("loan"), Cohort.code.label("cohort")),
    )
    .select_from(_seals)
    .join(_journal, _journal.c.id == _seals.c.entry_id)
    .outerjoin(Branch, Branch.id == _journal.c.branch_id)
    .outerjoin(Kit, Kit.id == _journal.c.kit_id)
    .outerjoin(KitType, KitType.id == Kit.kit_type_id)
    .outerjoin(Loan, Loan.id == _journal.c.loan_id)
    .outerjoin(Cohort, Cohort.id == _journal.c.cohort_id)
    .where(_seals.c.id > bindparam("place"))
    .order_by(_seals.c.id)
    .limit(BATCH)
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that this process sends now. ``id`` and ``tries`` are for the mark; the rest is for the world.

    ``secret`` is ``None`` where the library's key changed since it was kept.
    """

    id: int
    webhook_id: int
    tries: int
    delivery: str
    event: str
    body: bytes
    url: str
    secret: str | None


def listening(session: Session) -> list[int]:
    """The webhooks, by their ids, that are told of anything."""
    return list(session.scalars(select(Webhook.id).where(Webhook.active).order_by(Webhook.id)))


def tell(session: Session, webhook_id: int, *, key: str, at: datetime, by: Actor) -> bool:
    """Write a message to a webhook about each event behind its place that it asked for; whether there may be more.

    A secret that was kept before there was hiding is hidden now, with ``key``, the library's own.
    """
    by.permit(Act.ADMINISTER)
    webhook = _lock(session, webhook_id)
    if webhook is None or not webhook.active:
        return False
    if not is_hidden(webhook.secret):
        webhook.secret = as_kept(webhook.secret, key=key, webhook=webhook.public_id)
    rows = session.execute(_SINCE, {"place": webhook.told_seal_id}).all()
    if not rows:
        return False
    since = max(webhook.made_at, at - REACHES_BACK)
    wanted = [row for row in rows if row.recorded_at >= since and _is_wanted(row, webhook.events)]
    if wanted:
        lines = _lines(session, wanted)
        session.execute(insert(_deliveries), [_delivery(webhook.id, row, lines, at) for row in wanted])
    webhook.told_seal_id = rows[-1].seal_id
    return len(rows) == BATCH


def claim(session: Session, webhook_id: int, *, key: str, at: datetime, by: Actor) -> Claim | None:
    """Claim the next message of a webhook; ``None`` when none is due, or one before it is in the way."""
    by.permit(Act.ADMINISTER)
    earlier = aliased(WebhookDelivery)
    in_the_way = exists().where(
        earlier.webhook_id == webhook_id,
        earlier.id < WebhookDelivery.id,
        earlier.state.in_(_OPEN),
        earlier.is_in_the_way,
    )
    waiting = (WebhookDelivery.state == DeliveryState.PENDING) & (WebhookDelivery.due_at <= at)
    left_behind = (WebhookDelivery.state == DeliveryState.SENDING) & (WebhookDelivery.claimed_at < at - LEASE)
    chosen = (
        select(WebhookDelivery, Webhook.url, Webhook.public_id, Webhook.secret)
        .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
        .where(
            WebhookDelivery.webhook_id == webhook_id,
            WebhookDelivery.state.in_(_OPEN),
            or_(waiting, left_behind),
            Webhook.active,
            ~in_the_way,
        )
        .order_by(WebhookDelivery.id)
        .limit(1)
        .with_for_update(of=WebhookDelivery, skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    )
    found = session.execute(chosen).one_or_none()
    if found is None:
        return None
    row, url, webhook, kept = found
    row.state, row.claimed_at = DeliveryState.SENDING, at
    row.tries += 1
    body = json.dumps(row.body, ensure_ascii=False).encode()
    secret = secret_in(kept, key=key, webhook=webhook)
    return Claim(row.id, webhook_id, row.tries, row.public_id, row.event, body, url, secret)


def mark_taken(session: Session, claimed: Claim, *, at: datetime, by: Actor) -> None:
    """Keep that the receiver took a message: the webhook works."""
    by.permit(Act.ADMINISTER)
    webhook = _lock(session, claimed.webhook_id)
    if webhook is not None and _mark(session, claimed, state=DeliveryState.SENT, sent_at=at, problem=None):
        webhook.failing_since = None


def mark_not_taken(
    session: Session,
    claimed: Claim,
    problem: str,
    *,
    choked: bool,
    retry_after: timedelta | None,
    at: datetime,
    by: Actor,
) -> None:
    """Keep that the receiver could not take a message now: it is tried again, unless it was tried often enough.

    Those behind it wait, for a receiver that takes nothing takes none of them; one that it ``choked`` on lets them by
    in the end.
    """
    values: dict[str, Any] = {"state": DeliveryState.FAILED}
    if claimed.tries < MOST_TRIES:
        due_at = at + pause(claimed.tries, retry_after)
        values = {"state": DeliveryState.PENDING, "due_at": due_at}
        if choked and claimed.tries >= IN_THE_WAY:
            values["is_in_the_way"] = False
    _failed(session, claimed, values | {"problem": problem[:200]}, at=at, by=by)


def mark_refused(session: Session, claimed: Claim, problem: str, *, at: datetime, by: Actor) -> None:
    """Keep that the receiver will not take a message: it is not tried again."""
    _failed(session, claimed, {"state": DeliveryState.FAILED, "problem": problem[:200]}, at=at, by=by)


def mark_gone(session: Session, claimed: Claim, problem: str, *, at: datetime, by: Actor) -> None:
    """Keep that the receiver wants no message any more: the webhook is switched off."""
    values = {"state": DeliveryState.FAILED, "problem": problem[:200]}
    _failed(session, claimed, values, stops=StoppedWhy.GONE, at=at, by=by)


def clear_up(session: Session, *, at: datetime, by: Actor) -> int:
    """Give up what is too old to be told, and forget what was done with long ago; how many went."""
    by.permit(Act.ADMINISTER)
    waited = (_deliveries.c.state == DeliveryState.PENDING) & (_deliveries.c.made_at < at - REACHES_BACK)
    session.execute(update(_deliveries).where(waited).values(state=DeliveryState.FAILED, problem=TOO_OLD))
    done = _deliveries.c.state.in_((DeliveryState.SENT, DeliveryState.FAILED))
    old = delete(_deliveries).where(done, _deliveries.c.made_at < at - KEPT_FOR)
    return session.connection().execute(old).rowcount


@dataclass(frozen=True, slots=True)
class Stopped:
    """A webhook that switched itself off, and why."""

    id: int
    webhook: str
    url: str
    why: StoppedWhy


def stopped_untold(session: Session) -> list[Stopped]:
    """The webhooks that switched themselves off without the administrators having been told."""
    chosen = select(Webhook.id, Webhook.public_id, Webhook.url, Webhook.stopped_why).where(
        Webhook.stopped_why.is_not(None), Webhook.stopped_told_at.is_(None)
    )
    found = session.execute(chosen.order_by(Webhook.id))
    return [Stopped(row.id, row.public_id, row.url, StoppedWhy(row.stopped_why)) for row in found]


def mark_told(session: Session, webhook_id: int, *, at: datetime, by: Actor) -> None:
    """Keep that the administrators were told that a webhook switched itself off."""
    by.permit(Act.ADMINISTER)
    webhooks = table_of(Webhook)
    stopped = (webhooks.c.id == webhook_id) & webhooks.c.stopped_why.is_not(None)
    session.execute(update(webhooks).where(stopped).values(stopped_told_at=at))


def _lock(session: Session, webhook_id: int) -> Webhook | None:
    """A webhook, before its messages: whoever tells, marks or changes it comes one after another."""
    chosen = select(Webhook).where(Webhook.id == webhook_id)
    return session.scalars(
        chosen.with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one_or_none()


def _is_wanted(row: AnyRow, asked_for: Collection[str]) -> bool:
    event = EVENT_OF.get(row.verb)
    return event is not None and is_wanted(event, asked_for)


def _lines(session: Session, rows: Sequence[AnyRow]) -> Mapping[int, dict[str, str]]:
    """The lines that rows of the journal are about, as a carrier knows them."""
    ids = {row.detail["line_id"] for row in rows if "line_id" in row.detail}
    if not ids:
        return {}
    chosen = select(Line.id, Line.number, Line.iccid, Line.carrier).where(Line.id.in_(ids))
    return {
        row.id: {"number": row.number, "iccid": row.iccid, "carrier": row.carrier} for row in session.execute(chosen)
    }


def _delivery(webhook_id: int, row: AnyRow, lines: Mapping[int, dict[str, str]], at: datetime) -> dict[str, Any]:
    """A message about one row of the journal. Of its detail a due date goes out, and the line; nothing else."""
    event, name = EVENT_OF[row.verb], new_public_id()
    known = {field: getattr(row, field) for field in ("branch", "kit", "kit_type", "loan", "cohort")}
    known |= {"due_at": row.detail.get("due_at"), "line": lines.get(row.detail.get("line_id"))}
    body = {
        "id": name,
        "event": event,
        "at": row.at.isoformat(),
        "recorded_at": row.recorded_at.isoformat(),
        "sequence": row.seal_id,
        **{field: known[field] for field in FIELDS[event.partition(".")[0]]},
    }
    return {
        "public_id": name,
        "webhook_id": webhook_id,
        "event": event,
        "body": body,
        "state": DeliveryState.PENDING,
        "due_at": at,
        "made_at": at,
        "tries": 0,
        "seal_id": row.seal_id,
        "is_in_the_way": True,
    }


def _mark(session: Session, claimed: Claim, **values: Any) -> bool:
    """Change a message that this process claimed; one that somebody else took over meanwhile is theirs."""
    theirs = (_deliveries.c.state == DeliveryState.SENDING) & (_deliveries.c.tries == claimed.tries)
    marked = update(_deliveries).where(_deliveries.c.id == claimed.id, theirs).values(claimed_at=None, **values)
    return session.connection().execute(marked).rowcount == 1


def _failed(
    session: Session,
    claimed: Claim,
    values: Mapping[str, Any],
    *,
    stops: StoppedWhy | None = None,
    at: datetime,
    by: Actor,
) -> None:
    """Mark a message that did not get through; a webhook that has done nothing else for days is switched off."""
    by.permit(Act.ADMINISTER)
    webhook = _lock(session, claimed.webhook_id)
    if webhook is None or not _mark(session, claimed, **values):
        return
    webhook.failing_since = webhook.failing_since or at
    if stops is None and at - webhook.failing_since >= FAILING_FOR:
        stops = StoppedWhy.FAILING
    if stops is not None and webhook.active:
        webhook.active, webhook.stopped_why, webhook.stopped_told_at = False, stops, None
        record(session, "stop_webhook", at=at, by=by, detail={"webhook": webhook.public_id, "why": stops.value})
