"""Events by name, and when a message is tried again."""

from __future__ import annotations

from datetime import timedelta
from itertools import accumulate

import pytest

from lending.domain.states import LineVerb
from lending.domain.webhooks import (
    EVENT_OF,
    EVENTS,
    FIELDS,
    GROUPS,
    LONGEST_PAUSE,
    MOST_TRIES,
    Verdict,
    is_wanted,
    pause,
    read_events,
    verdict,
)

HOUR = timedelta(hours=1)


def test_a_verb_is_told_as_one_event_and_each_group_has_its_fields() -> None:
    verbs = [verb for verbs in EVENTS.values() for verb in verbs]
    assert len(verbs) == len(set(verbs))
    assert set(GROUPS) == set(FIELDS)
    assert max(map(len, EVENTS)) <= 40


def test_every_move_of_a_line_is_an_event() -> None:
    assert {EVENT_OF[verb.value].partition(".")[0] for verb in LineVerb} == {"line"}


def test_a_line_is_told_without_its_loan_and_nothing_tells_of_a_person() -> None:
    assert FIELDS["line"] == ("branch", "kit", "line")
    assert not {"patron", "name", "card", "note"} & {field for fields in FIELDS.values() for field in fields}


@pytest.mark.parametrize(
    ("asked_for", "wanted"),
    [(["line.ended"], True), (["line.*"], True), (["*"], True), (["loan.*", "line.added"], False), ([], False)],
)
def test_an_event_is_wanted_by_name_by_group_or_with_everything(asked_for: list[str], wanted: bool) -> None:
    assert is_wanted("line.ended", asked_for) is wanted


def test_what_is_asked_for_is_kept_once_in_one_order_and_without_what_its_group_holds() -> None:
    assert read_events(["line.ended", "loan.returned", "loan.checked_out", "loan.returned"]) == [
        *("loan.checked_out", "loan.returned", "line.ended")
    ]
    assert read_events(["line.ended", "line.*", "kit.freed"]) == ["kit.freed", "line.*"]
    assert read_events(["line.ended", "*"]) == ["*"]


@pytest.mark.parametrize("given", [[], ["loan"], ["loan.stolen"], ["ping"], ["patron.*"], ["line.ended", "x"]])
def test_what_is_no_event_cannot_be_asked_for(given: list[str]) -> None:
    with pytest.raises(ValueError, match="no events"):
        read_events(given)


def test_a_message_is_tried_for_about_three_days_each_pause_twice_as_long() -> None:
    pauses = [pause(tries) for tries in range(1, MOST_TRIES)]
    assert [one // timedelta(minutes=1) for one in pauses[:9]] == [1, 2, 4, 8, 16, 32, 64, 128, 240]
    assert 60 * HOUR < list(accumulate(pauses))[-1] < 80 * HOUR


@pytest.mark.parametrize(
    ("retry_after", "waits"),
    [
        (timedelta(seconds=5), timedelta(minutes=1)),
        (timedelta(minutes=20), timedelta(minutes=20)),
        (timedelta(days=900), LONGEST_PAUSE),
    ],
)
def test_a_receiver_may_ask_for_a_longer_pause_within_reason(retry_after: timedelta, waits: timedelta) -> None:
    assert pause(1, retry_after) == waits


@pytest.mark.parametrize(
    ("statuses", "found"),
    [
        ((200, 202, 204, 299), Verdict.TAKEN),
        ((408, 425, 429, 502, 503, 504), Verdict.NOT_NOW),
        ((500, 501, 507, 599), Verdict.CHOKED),
        ((301, 307, 400, 401, 404, 422), Verdict.REFUSED),
        ((410,), Verdict.GONE),
    ],
)
def test_what_an_answer_means(statuses: tuple[int, ...], found: Verdict) -> None:
    assert {verdict(status) for status in statuses} == {found}
