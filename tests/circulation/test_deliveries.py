"""Messages to webhooks: each event once, in order, naming nobody; claimed once, tried again, given up."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lending.circulation.deliveries import (
    LEASE,
    Claim,
    claim,
    clear_up,
    mark_gone,
    mark_not_taken,
    mark_refused,
    mark_taken,
    tell,
)
from lending.circulation.lines import move_line
from lending.circulation.lost import declare_lost
from lending.circulation.seals import seal
from lending.circulation.webhooks import change_webhook, remove_webhook, try_webhook
from lending.db import Database
from lending.domain.states import LineVerb
from lending.domain.webhooks import FAILING_FOR, IN_THE_WAY, KEPT_FOR, MOST_TRIES, REACHES_BACK
from lending.models.kits import Kit, Part
from lending.models.lines import Line, LinePlacement
from lending.models.loans import Loan
from lending.models.people import Patron
from lending.models.webhooks import DeliveryState, StoppedWhy, Webhook, WebhookDelivery
from tests.cast import ADA, KIT, LUIS, NOW, OPEN_KIT, Cast
from tests.circulation.kits_in_hand import journalled, lend, only, receive, rows
from tests.circulation.test_webhooks import KEY, add
from tests.races import race, without_locks

MINUTE, LATER = timedelta(minutes=1), NOW + timedelta(minutes=1)


def told(database: Database, cast: Cast, webhook_id: int = 0, *, at: datetime = LATER) -> list[str]:
    """Seal, tell the only webhook or one by its id; the events of all its messages so far, in order."""
    chosen = webhook_id or only(database, Webhook).id
    database.act(lambda s: seal(s, at=at))
    while database.act(lambda s: tell(s, chosen, key=KEY, at=at, by=cast.system)):
        pass
    return [row.event for row in rows(database, WebhookDelivery) if row.webhook_id == chosen]


def claimed(database: Database, cast: Cast, *, at: datetime = LATER) -> Claim | None:
    webhook_id = rows(database, Webhook)[0].id
    return database.act(lambda s: claim(s, webhook_id, key=KEY, at=at, by=cast.system))


def next_one(database: Database, cast: Cast, *, at: datetime = LATER) -> Claim:
    found = claimed(database, cast, at=at)
    assert found is not None
    return found


def not_taken(database: Database, cast: Cast, one: Claim, *, choked: bool = False, at: datetime = LATER) -> None:
    database.act(lambda s: mark_not_taken(s, one, "timeout", choked=choked, retry_after=None, at=at, by=cast.system))


def pings(database: Database, cast: Cast, number: int) -> None:
    """A webhook with so many messages that wait."""
    made = add(database, cast)
    for _ in range(number):
        database.act(lambda s: try_webhook(s, webhook=made.webhook, at=NOW, by=cast.eli))


# --- Telling ----------------------------------------------------------------------------------------------------------


def test_each_event_is_told_once_and_in_order(database: Database, cast: Cast) -> None:
    add(database, cast)
    lend(database, cast)
    assert told(database, cast) == ["loan.checked_out"]
    receive(database, cast)
    assert told(database, cast) == told(database, cast) == ["loan.checked_out", "loan.returned"]


def test_a_webhook_hears_only_of_what_it_asked_for_and_only_since_it_was_added(database: Database, cast: Cast) -> None:
    lend(database, cast, at=NOW - MINUTE)
    add(database, cast, "loan.returned", "kit.*")
    receive(database, cast)
    assert told(database, cast) == ["loan.returned"]


def test_a_message_says_what_happened_by_codes_and_names_nobody(database: Database, cast: Cast) -> None:
    add(database, cast)
    lend(database, cast)
    told(database, cast)
    row, loan = only(database, WebhookDelivery), only(database, Loan)
    assert row.body == {
        "id": row.public_id,
        "event": "loan.checked_out",
        "at": NOW.isoformat(),
        "recorded_at": NOW.isoformat(),
        "sequence": row.seal_id,
        "branch": "ELA",
        "kit": OPEN_KIT,
        "kit_type": "laptop-hotspot",
        "loan": loan.public_id,
        "due_at": loan.due_at.isoformat(),
        "cohort": None,
    }
    with database.read() as session:
        luis = session.get_one(Patron, cast.luis_id)
    said = json.dumps(row.body)
    assert not any(word in said for word in (LUIS, luis.name, luis.pseudonym, luis.public_id, "Ben"))


def test_a_carrier_is_told_of_each_move_of_a_line_and_of_its_end(database: Database, cast: Cast) -> None:
    add(database, cast, "line.*")
    lend(database, cast, KIT, ADA)
    line = line_in(database, KIT)
    for verb in (LineVerb.ASK_TO_SUSPEND, LineVerb.CONFIRM_SUSPENDED, LineVerb.ASK_TO_RESTORE):
        database.act(lambda s, verb=verb: move_line(s, number=line.number, verb=verb, at=NOW, by=cast.eli))  # type: ignore[misc]  # mypy cannot tell
    database.act(lambda s: declare_lost(s, kit=KIT, at=NOW, by=cast.eli))
    assert told(database, cast) == [
        *("line.suspend_asked", "line.suspended", "line.restore_asked", "line.ended"),
    ]
    bodies = [row.body for row in rows(database, WebhookDelivery)]
    assert {tuple(sorted(body)) for body in bodies} == {
        ("at", "branch", "event", "id", "kit", "line", "recorded_at", "sequence")
    }
    assert bodies[0]["line"] == {"number": line.number, "iccid": line.iccid, "carrier": line.carrier}


def line_in(database: Database, kit: str) -> Line:
    """The line whose SIM a kit holds."""
    chosen = select(Line).join(LinePlacement, LinePlacement.line_id == Line.id)
    held = chosen.join(Part, Part.id == LinePlacement.part_id).join(Kit, Kit.id == Part.kit_id)
    with database.read() as session:
        return session.scalars(held.where(Kit.barcode == kit)).one()


def test_what_is_older_than_a_week_is_not_told_any_more(database: Database, cast: Cast) -> None:
    add(database, cast)
    lend(database, cast)
    assert told(database, cast, at=NOW + REACHES_BACK + MINUTE) == []
    assert told(database, cast) == []  # its place is behind it


def test_a_stopped_webhook_is_told_what_happened_once_it_is_started(database: Database, cast: Cast) -> None:
    made = add(database, cast, "loan.*")
    database.act(lambda s: change_webhook(s, webhook=made.webhook, active=False, at=NOW, by=cast.eli))
    lend(database, cast)
    assert told(database, cast) == []
    database.act(lambda s: change_webhook(s, webhook=made.webhook, active=True, at=NOW, by=cast.eli))
    assert told(database, cast) == ["loan.checked_out"]


def test_two_sweeps_at_once_write_no_message_twice(database: Database, cast: Cast) -> None:
    webhook_id = ready_to_tell(database, cast)
    ended = race(database, *[lambda s: tell(s, webhook_id, key=KEY, at=LATER, by=cast.system)] * 2, before="INSERT")
    assert (len(ended.done), ended.broken) == (2, [])
    assert [row.event for row in rows(database, WebhookDelivery)] == ["loan.checked_out", "loan.returned"]


def test_without_its_lock_both_would_write_them_and_the_database_refuses(database: Database, cast: Cast) -> None:
    webhook_id = ready_to_tell(database, cast)
    with without_locks(database):
        ended = race(database, *[lambda s: tell(s, webhook_id, key=KEY, at=LATER, by=cast.system)] * 2, before="INSERT")
    assert [type(error).__name__ for error in ended.broken] == ["IntegrityError"]


def ready_to_tell(database: Database, cast: Cast) -> int:
    """A webhook, two events and their seals."""
    add(database, cast, "loan.*")
    lend(database, cast)
    receive(database, cast)
    database.act(lambda s: seal(s, at=LATER))
    return only(database, Webhook).id


# --- Sending ----------------------------------------------------------------------------------------------------------


def test_messages_are_claimed_one_after_another_each_once(database: Database, cast: Cast) -> None:
    pings(database, cast, 2)
    first = next_one(database, cast)
    assert claimed(database, cast) is None  # the second waits for the first
    database.act(lambda s: mark_taken(s, first, at=LATER, by=cast.system))
    second = next_one(database, cast)
    assert json.loads(second.body)["id"] == second.delivery != first.delivery
    assert [row.state for row in rows(database, WebhookDelivery)] == [DeliveryState.SENT, DeliveryState.SENDING]


def test_two_senders_at_once_claim_no_message_twice(database: Database, cast: Cast) -> None:
    pings(database, cast, 3)
    webhook_id = only(database, Webhook).id
    ended = race(database, *[lambda s: claim(s, webhook_id, key=KEY, at=LATER, by=cast.system)] * 2)
    assert ended.broken == []
    assert len([one for one in ended.done if one is not None]) == 1
    assert [row.tries for row in rows(database, WebhookDelivery)] == [1, 0, 0]


def test_without_its_lock_both_would_claim_it(database: Database, cast: Cast) -> None:
    pings(database, cast, 1)
    webhook_id = only(database, Webhook).id
    with without_locks(database):
        ended = race(database, *[lambda s: claim(s, webhook_id, key=KEY, at=LATER, by=cast.system)] * 2)
    assert len([one for one in ended.done if one is not None]) == 2


def test_a_claim_that_was_left_behind_is_taken_over_and_its_late_mark_counts_for_nothing(
    database: Database, cast: Cast
) -> None:
    pings(database, cast, 1)
    dead = next_one(database, cast)
    assert claimed(database, cast, at=LATER + LEASE) is None
    living = next_one(database, cast, at=LATER + LEASE + MINUTE)
    assert (living.delivery, living.tries) == (dead.delivery, 2)
    database.act(lambda s: mark_refused(s, dead, "http 400", at=LATER, by=cast.system))
    assert only(database, WebhookDelivery).state is DeliveryState.SENDING
    database.act(lambda s: mark_taken(s, living, at=LATER, by=cast.system))
    assert only(database, WebhookDelivery).state is DeliveryState.SENT


def test_a_receiver_that_is_away_holds_up_everything_behind(database: Database, cast: Cast) -> None:
    pings(database, cast, 2)
    at = LATER
    for tries in range(1, 10):
        one = next_one(database, cast, at=at)
        assert one.tries == tries
        not_taken(database, cast, one, at=at)
        assert claimed(database, cast, at=at + MINUTE / 2) is None
        at += timedelta(hours=5)
    assert [row.tries for row in rows(database, WebhookDelivery)] == [9, 0]


def test_a_message_that_the_receiver_chokes_on_lets_the_others_by_in_the_end(database: Database, cast: Cast) -> None:
    pings(database, cast, 2)
    at = LATER
    for _ in range(IN_THE_WAY):
        one = next_one(database, cast, at=at)
        not_taken(database, cast, one, choked=True, at=at)
        at += timedelta(hours=5)
    assert rows(database, WebhookDelivery)[0].is_in_the_way is False
    again = next_one(database, cast, at=at - timedelta(hours=5))
    assert (again.delivery == one.delivery, again.tries) == (False, 1)


def test_a_message_is_given_up_after_its_last_try(database: Database, cast: Cast) -> None:
    pings(database, cast, 1)

    def nearly(session: Session) -> None:
        session.scalars(select(WebhookDelivery)).one().tries = MOST_TRIES - 1

    database.act(nearly)
    not_taken(database, cast, next_one(database, cast))
    row = only(database, WebhookDelivery)
    assert (row.state, row.problem, row.tries) == (DeliveryState.FAILED, "timeout", MOST_TRIES)


@pytest.mark.parametrize("taken", [True, False])
def test_days_of_failures_alone_switch_a_webhook_off(database: Database, cast: Cast, taken: bool) -> None:
    pings(database, cast, 3)
    not_taken(database, cast, next_one(database, cast))
    assert only(database, Webhook).failing_since == LATER
    late = LATER + FAILING_FOR
    if taken:
        one = next_one(database, cast, at=LATER + MINUTE)
        database.act(lambda s: mark_taken(s, one, at=LATER + MINUTE, by=cast.system))
        assert only(database, Webhook).failing_since is None
    not_taken(database, cast, next_one(database, cast, at=late), at=late)
    webhook = only(database, Webhook)
    assert (webhook.active, webhook.stopped_why) == ((True, None) if taken else (False, StoppedWhy.FAILING))
    assert claimed(database, cast, at=late + timedelta(hours=5)) is None or taken
    expected = [] if taken else [{"webhook": webhook.public_id, "why": "failing"}]
    assert [entry.detail for entry in journalled(database, "stop_webhook")] == expected


def test_a_receiver_that_wants_no_more_is_told_no_more(database: Database, cast: Cast) -> None:
    pings(database, cast, 2)
    one = next_one(database, cast)
    database.act(lambda s: mark_gone(s, one, "http 410", at=LATER, by=cast.system))
    webhook = only(database, Webhook)
    assert (webhook.active, webhook.stopped_why) == (False, StoppedWhy.GONE)
    assert [row.state for row in rows(database, WebhookDelivery)] == [DeliveryState.FAILED, DeliveryState.PENDING]
    assert claimed(database, cast, at=LATER + timedelta(days=1)) is None


def test_a_webhook_that_is_removed_while_a_message_travels_is_no_failure(database: Database, cast: Cast) -> None:
    pings(database, cast, 1)
    one = next_one(database, cast)
    database.act(lambda s: remove_webhook(s, webhook=only(database, Webhook).public_id, at=NOW, by=cast.eli))
    not_taken(database, cast, one)
    database.act(lambda s: mark_taken(s, one, at=LATER, by=cast.system))
    assert rows(database, WebhookDelivery) == []


def test_what_waited_too_long_is_given_up_and_what_is_done_with_is_forgotten(database: Database, cast: Cast) -> None:
    pings(database, cast, 1)
    at = NOW + REACHES_BACK + MINUTE
    assert database.act(lambda s: clear_up(s, at=at, by=cast.system)) == 0
    row = only(database, WebhookDelivery)
    assert (row.state, row.problem) == (DeliveryState.FAILED, "too old")
    assert database.act(lambda s: clear_up(s, at=NOW + KEPT_FOR + MINUTE, by=cast.system)) == 1


def test_marks_take_any_problem(database: Database, cast: Cast) -> None:
    pings(database, cast, 1)
    one = next_one(database, cast)
    database.act(lambda s: mark_refused(s, one, "x" * 300, at=LATER, by=cast.system))
    found: Any = only(database, WebhookDelivery).problem
    assert found == "x" * 200


def test_a_secret_from_before_there_was_hiding_is_hidden_and_still_signs(database: Database, cast: Cast) -> None:
    made = add(database, cast)
    plain = update(Webhook).values(secret=made.secret)
    database.act(lambda s: s.execute(plain))
    lend(database, cast)
    told(database, cast)
    assert made.secret not in only(database, Webhook).secret
    assert next_one(database, cast).secret == made.secret


def test_a_message_that_nobody_can_sign_has_no_secret(database: Database, cast: Cast) -> None:
    add(database, cast)
    lend(database, cast)
    told(database, cast)
    other = rows(database, Webhook)[0].id
    found = database.act(lambda s: claim(s, other, key=KEY[::-1], at=LATER, by=cast.system))
    assert found is not None
    assert found.secret is None
