"""One workshop as a calendar's file."""

from __future__ import annotations

from datetime import timedelta, timezone

from lending.mail.calendars import Event, calendar_file
from tests.cast import NOW


def file_of(title: str) -> str:
    pacific = NOW.astimezone(timezone(-timedelta(hours=8)))
    event = Event("abc", title, "Elm Street Library", pacific, NOW + timedelta(hours=1))
    return calendar_file(event, at=NOW)


def test_an_event_has_its_name_its_times_in_utc_and_its_end() -> None:
    lines = file_of("Applying").split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert {"UID:abc", "DTSTART:20260303T180000Z", "DTEND:20260303T190000Z", "LOCATION:Elm Street Library"} <= set(
        lines
    )
    assert lines[-2:] == ["END:VCALENDAR", ""]


def test_a_title_cannot_end_the_event() -> None:
    assert "SUMMARY:a END:VEVENT b\\; c\\, d \\\\n\r\n" in file_of("a\r\nEND:VEVENT\nb; c, d \\n")


def test_a_long_line_is_folded_between_characters() -> None:
    title = "ñ" * 200
    lines = file_of(title).split("\r\n")
    assert max(len(line.encode()) for line in lines) <= 75
    assert title in file_of(title).replace("\r\n ", "")


def test_several_events_share_one_calendar_with_its_name() -> None:
    events = [Event(f"e{n}", f"Workshop {n}", "online", NOW, NOW, "Bring a pen, please.") for n in (1, 2)]
    told = calendar_file(*events, at=NOW, name="Work Ready; 7")
    assert told.count("BEGIN:VEVENT") == told.count("END:VEVENT") == 2
    assert told.count("BEGIN:VCALENDAR") == 1
    assert r"X-WR-CALNAME:Work Ready\; 7" in told
    assert told.count(r"DESCRIPTION:Bring a pen\, please.") == 2
    assert all(len(line.encode()) <= 75 for line in told.split("\r\n"))


def test_an_instant_ends_when_it_starts_and_says_no_end() -> None:
    told = calendar_file(Event("abc", "Bring the kit back", "Elm Street Library", NOW, NOW), at=NOW)
    assert "DTSTART:20260303T180000Z" in told
    assert "DTEND" not in told
