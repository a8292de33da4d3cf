"""Every refusal has its words, at every door, and every word can be filled."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest

from lending.domain.states import KitState
from lending.errors import Block, Reason
from lending.phrases import Reader
from lending.wording import NOUNS, WORDS, Audience, Tone, say, say_all, status_of, tone_of

NAMES = re.compile(r"%\((\w+)\)s")
KNOWN = {
    "kit", "code", "part", "parts", "kind", "steps", "state", "branch", "cohort", "field", "note", "on", "at", "age",
    "out", "limit", "until", "cents", "limit_cents", "from", "hours", "shortest", "longest",
    "rule", "left", "place", "workshop", "days", "step", "least", "most", "least_cents", "most_cents", "host",
    "figure", "nearest", "codes",
}  # fmt: skip


def english(message: str) -> str:
    return message


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_its_row_of_sentences(reason: Reason) -> None:
    words = WORDS[reason]
    assert 400 <= words.status < 600
    assert words.exit_code != 0
    for sentence in (words.desk, words.patron, words.sip2):
        assert sentence
        assert set(NAMES.findall(sentence)) <= KNOWN
        assert "%" not in NAMES.sub("", sentence)


def test_a_reason_has_its_row_in_one_module_alone() -> None:
    assert sorted(reason for noun in NOUNS for reason in noun) == sorted(Reason)


@pytest.mark.parametrize("reason", Reason)
def test_a_desk_sentence_ends_and_a_self_check_line_is_short_and_plain(reason: Reason) -> None:
    assert WORDS[reason].desk.endswith(".")
    assert len(WORDS[reason].sip2) <= 60
    assert not re.search(r"[|%\r\n]", WORDS[reason].sip2)


@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize("reason", Reason)
def test_a_sentence_can_be_said_without_any_detail(reason: Reason, audience: Audience) -> None:
    sentence = say(Block(reason), english, audience)
    assert "%(" not in sentence
    assert sentence[0].isupper()


def test_a_promised_kit_names_the_way_out() -> None:
    block = Block(Reason.PROMISED_TO_ANOTHER, {"kit": "KIT-1060", "free": ["KIT-1051", "KIT-1063"]})
    assert say(block, english) == (
        "KIT-1060 is promised to someone else. Put it back on the hold shelf. Free here: KIT-1051, KIT-1063."
    )
    assert "KIT-1051" not in say(block, english, Audience.PATRON)


def test_days_have_weekdays_and_money_its_sign_in_the_readers_language() -> None:
    window = Block(Reason.BEFORE_PICKUP_WINDOW, {"cohort": "Work Ready 7", "from": date(2026, 12, 18)})
    owes = Block(Reason.OWES, {"cents": 2550, "limit_cents": 2000})
    assert "Fri, Dec 18" in say(window, english)
    assert "vie, 18 dic" in say(window, english, locale="es")
    assert "$25.50" in say(owes, english)


@pytest.mark.parametrize("locale", ["en", "es", "es_US"])
def test_money_is_written_as_in_the_united_states_in_every_language(locale: str) -> None:
    assert Reader(english, locale).money(147000) == "$1,470.00"


def test_a_language_without_a_form_of_this_country_writes_money_in_its_own() -> None:
    assert re.sub(r"\s", " ", Reader(english, "eo").money(147000)) == "US$ 1 470,00"


@pytest.mark.parametrize(("locale", "said"), [("en", "English and Spanish"), ("es", "Inglés y español")])
def test_languages_in_a_row_begin_with_one_capital_letter(locale: str, said: str) -> None:
    assert Reader(english, locale).languages("en, es") == said


def test_an_instant_is_told_in_the_branchs_zone() -> None:
    block = Block(Reason.COOL_DOWN, {"until": datetime(2026, 12, 19, 4, 0, tzinfo=UTC)})
    assert "Fri, Dec 18, 8:00" in say(block, english, zone="America/Los_Angeles")


def test_states_and_steps_are_words_and_not_names_of_the_table() -> None:
    assert "waiting for inspection" in say(
        Block(Reason.NOT_ON_LOAN, {"kit": "KIT-1", "state": KitState.TO_INSPECT.value}), english
    )
    assert "wiped and line active" in say(
        Block(Reason.STEPS_NOT_DONE, {"kit": "KIT-1", "steps": ["wiped", "line_active"]}), english
    )


def test_a_hostile_detail_is_only_text() -> None:
    assert "%(kit)s" in say(Block(Reason.CODE_UNKNOWN, {"code": "%(kit)s%n"}), english)


def test_several_blocks_share_one_status_and_one_tone() -> None:
    expired, double = Block(Reason.CARD_EXPIRED, {"on": date(2026, 1, 2)}), Block(Reason.ON_LOAN_TO_THIS_PATRON)
    assert status_of([expired, Block(Reason.KIT_UNKNOWN)]) == 409
    assert status_of([Block(Reason.KIT_UNKNOWN), Block(Reason.CARD_UNKNOWN)]) == 404
    assert status_of([expired, Block(Reason.NOT_PERMITTED)]) == 403
    assert tone_of([double]) is Tone.AGAIN
    assert tone_of([double, expired]) is Tone.STOP
    assert say_all([expired, double], english).count(".") >= 3
