"""Every step says what it should by every channel, in English and Spanish, and fits a telephone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from lending.circulation.addressees import (
    REGISTERED_CANCELLED,
    REGISTERED_MOVED,
    REGISTERED_NOTICE,
    REGISTERED_TOMORROW,
)
from lending.circulation.closures import CLOSED
from lending.circulation.missing_parts import NOTICE as PART_MISSING
from lending.circulation.reservations import (
    EXPIRED_NOTICE,
    PROMISED_NOTICE,
    READY_NOTICE,
    RESERVED_NOTICE,
    WAITING_NOTICE,
)
from lending.circulation.signing import SIGNED_NOTICE
from lending.domain.ladders import DEFAULT
from lending.domain.library_settings import LibrarySettings
from lending.domain.placeholders import PRIVATE, UnknownPlace, fill, places_in, unknown_places
from lending.domain.texts import is_gsm, segments
from lending.domain.waiting import DayRange
from lending.models.notices import Channel
from lending.notice_words import MESSAGES, code_of
from lending.notice_words.pages import html_of, text_of
from lending.notice_words.rendered import Rendered, language_for, plain, reader_of, rendered
from lending.notice_words.samples import sample
from lending.programs.cancelling import COHORT_CANCELLED
from lending.programs.closing import NO_MORE_KITS
from lending.programs.completion import COMPLETED, SESSION_OVER
from lending.programs.joining import ENROLLED, ENROLLED_WITH_KIT, ENROLLED_WITHOUT_KIT, WAITLISTED
from lending.programs.moving import ROLLED_OVER_NOTICE, TRANSFERRED_NOTICE
from lending.programs.offers import OFFER_LAPSED, SEAT_GIVEN, SEAT_OFFERED
from lending.programs.redating import COHORT_MOVED
from lending.programs.rescheduling import WORKSHOP_DROPPED, WORKSHOP_MOVED
from lending.programs.survey_notices import WORKSHOP_SURVEY
from lending.programs.withdrawal import SHORTENED_NOTICE
from lending.programs.workshop_notices import WORKSHOP_TOMORROW
from lending.queries.notice_texts import OwnWords
from tests.notice_words.spanish import compiled

LIBRARY = "County Library"
WEDNESDAY = datetime(2026, 9, 30, 19, 0, tzinfo=UTC)
"""Its words are among the longest of any day."""

STEPS = sorted(MESSAGES)


@pytest.fixture(autouse=True)
def speaking_spanish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with compiled(tmp_path, monkeypatch):
        yield


def said(code: str, language: str, channel: Channel = Channel.EMAIL, own: OwnWords | None = None) -> Rendered:
    facts = replace(
        sample(code, channel, language),
        due_at=WEDNESDAY,
        was_due_at=WEDNESDAY,
        ready_until=WEDNESDAY,
        offered_until=WEDNESDAY,
        workshop_at=WEDNESDAY,
        back_by=WEDNESDAY,
        starts_on=WEDNESDAY.date(),
        ends_on=WEDNESDAY.date(),
        place=112,
    )
    reader = reader_of(language, facts.zone)
    return rendered(code, facts, own, library=LIBRARY, reader=reader, channel=channel)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("code", STEPS)
def test_every_step_is_put_into_words(code: str, language: str) -> None:
    words = said(code, language)
    for text in (words.subject, words.text, words.short):
        assert text.strip()
        assert not re.search(r"[{}]|None|%\(", text), text
    assert words.text.startswith("Hello Ana," if language == "en" else "Hola, Ana:")
    assert "(213) 555-0100" in words.text
    assert "Morales" not in words.text + words.subject + words.short
    assert words.language == language


@pytest.mark.parametrize("code", STEPS)
def test_spanish_is_not_english(code: str) -> None:
    english, spanish = said(code, "en"), said(code, "es")
    assert english.subject != spanish.subject
    assert not set(english.paragraphs[:-1]) & set(spanish.paragraphs[:-1])
    assert english.short != spanish.short


@pytest.mark.parametrize("code", STEPS)
def test_a_text_message_fits_one_segment_in_english_and_two_in_spanish(code: str) -> None:
    english, spanish = said(code, "en").short, said(code, "es").short
    assert is_gsm(english)
    assert segments(english) == 1, (len(english), english)
    assert segments(spanish) <= 2, (len(spanish), spanish)


@pytest.mark.parametrize("code", STEPS)
def test_a_subject_tells_nobody_who_reads_along(code: str) -> None:
    assert not PRIVATE & set(places_in(MESSAGES[code].subject))


@pytest.mark.parametrize("code", STEPS)
def test_every_place_is_one_that_its_step_fills(code: str) -> None:
    message = MESSAGES[code]
    for text in (message.subject, *message.body, message.text):
        assert not unknown_places(text, message.places)


@pytest.mark.parametrize("code", STEPS)
def test_a_sentence_is_short_enough_to_be_read_once(code: str) -> None:
    long = [
        sentence
        for part in MESSAGES[code].body
        for sentence in re.split(r"(?<=[.!?]) ", part)
        if len(sentence.split()) > 20
    ]
    assert not long


def test_the_library_s_own_words_take_the_place_of_those_that_come_with_the_product() -> None:
    own = OwnWords("Back {due_day}?", "Dear {first_name}\n\nSee you at {branch}.")
    words = said("overdue", "en", own=own)
    assert (words.subject, words.paragraphs) == ("Back Wed, Sep 30?", ("Dear Ana", "See you at Elm Street Library."))
    short = said("overdue", "en", Channel.TEXT, OwnWords("", "Kit? {phone}"))
    assert short.short == "Kit? (213) 555-0100"


def test_what_a_value_holds_is_never_a_place() -> None:
    assert fill("{a} and {b}", {"a": "{b}", "b": "{a}"}) == "{b} and {a}"


@pytest.mark.parametrize(
    "text", ["{a.__class__}", "{a!r}", "{a:>9}", "{0}", "{}", "{ a}", "{a", "a}", "{{a}}", "{a[0]}"]
)
def test_a_place_is_a_name_and_nothing_else(text: str) -> None:
    assert unknown_places(text, {"a"})
    with pytest.raises(UnknownPlace):
        fill(text, {"a": "x"})


def test_a_name_with_marks_is_shown_as_it_is() -> None:
    facts = replace(sample("overdue", Channel.EMAIL, "en"), branch="<b>East</b> {phone}", cohort="R&D {phone}")
    words = rendered("overdue", facts, None, library="A & B", reader=reader_of("en", facts.zone), channel=Channel.EMAIL)
    page = html_of(words, LibrarySettings("A & B", contact="Call <us>"))
    assert "<b>East" not in page
    assert "&lt;b&gt;East&lt;/b&gt; {phone}" in page
    assert "A &amp; B" in page
    assert "Call &lt;us&gt;" in page


def test_below_a_mail_stands_how_the_library_is_reached() -> None:
    notice = said("ready", "en")
    assert text_of(notice, LibrarySettings(LIBRARY)) == notice.text
    library = LibrarySettings(LIBRARY, contact="Call 213 555 0142", main_colour="#5b2a86")
    assert text_of(notice, library).endswith(f"\n\n{LIBRARY}\nCall 213 555 0142\n")
    assert "Call 213 555 0142" in html_of(notice, library)
    assert "#5b2a86" in html_of(notice, library)


def test_an_address_can_be_followed_and_the_full_stop_behind_it_is_none_of_it() -> None:
    asked = html_of(said("workshop_survey", "en"), LibrarySettings(LIBRARY))
    assert '<a href="https://kits.example.org/s/23456789bcdfghjk" style' in asked
    own = OwnWords("Back", 'Read https://example.org/"a"?b=c&d. Or call.')
    page = html_of(said("overdue", "en", own=own), LibrarySettings(LIBRARY))
    link = "https://example.org/&#34;a&#34;?b=c&amp;d"
    assert f'Read <a href="{link}" style="color:inherit">{link}</a>. Or call.' in page


def test_the_page_says_its_language_and_loads_nothing() -> None:
    page = html_of(said("ready", "es"), LibrarySettings(LIBRARY))
    assert '<html lang="es" dir="ltr">' in page
    assert not re.search(r"<(img|link|script|table)|https?:|url\(", page)


def test_a_language_that_is_not_complete_is_not_spoken() -> None:
    assert [language_for(wanted, "es") for wanted in ("es", "en", "hy")] == ["es", "en", "es"]
    assert language_for("hy", "ko") == "en"


def test_a_step_of_the_library_s_own_ladder_is_told_in_the_nearest_words() -> None:
    facts = replace(sample("overdue", Channel.EMAIL, "en"), step="overdue_3_days", owed_cents=0)
    assert code_of(facts) == "overdue_7_days"
    assert code_of(replace(facts, days_late=0)) == "due_in_3_days"
    assert code_of(replace(facts, owed_cents=100)) == "bill_reminder"


def test_every_step_that_somebody_is_told_has_its_words() -> None:
    told = [
        *(step.code for step in DEFAULT if step.notifies),
        *(RESERVED_NOTICE, WAITING_NOTICE, PROMISED_NOTICE, READY_NOTICE, EXPIRED_NOTICE, NO_MORE_KITS),
        *(SEAT_OFFERED, SEAT_GIVEN, OFFER_LAPSED, SESSION_OVER, COMPLETED),
        *(WORKSHOP_MOVED, WORKSHOP_DROPPED, WORKSHOP_TOMORROW, WORKSHOP_SURVEY),
        *(ENROLLED, ENROLLED_WITH_KIT, ENROLLED_WITHOUT_KIT, WAITLISTED),
        *(SHORTENED_NOTICE, TRANSFERRED_NOTICE, ROLLED_OVER_NOTICE, PART_MISSING, "receipt"),
        *(f"{COHORT_MOVED}_{kind}" for kind in ("loan", "reservation", "enrolment")),
        *(f"{COHORT_CANCELLED}_{kind}" for kind in ("loan", "enrolment")),
        *(f"{CLOSED}_{kind}" for kind in ("loan", "reservation")),
        *(REGISTERED_NOTICE, REGISTERED_MOVED, REGISTERED_CANCELLED, REGISTERED_TOMORROW),
        SIGNED_NOTICE,
    ]
    assert not set(told) - set(MESSAGES)


def test_a_time_in_a_text_has_no_blank_that_a_telephone_does_not_know() -> None:
    assert plain("8:00\u202fPM\xa0sharp") == "8:00 PM sharp"


def test_who_waits_is_told_between_which_days_where_enough_is_known() -> None:
    facts = sample("waiting", Channel.EMAIL, "en")
    reader = reader_of("en", facts.zone)

    def told(likely: DayRange | None) -> tuple[str, ...]:
        found = replace(facts, likely=likely)
        return rendered("waiting", found, None, library=LIBRARY, reader=reader, channel=Channel.EMAIL).paragraphs

    between = "If things go as they did, it is your turn between Tue, Dec 1 and Sun, Dec 13."
    days = DayRange(date(2026, 12, 1), date(2026, 12, 13))
    assert told(days) == (*told(None)[:2], between, *told(None)[2:])
    assert all(told(None))
