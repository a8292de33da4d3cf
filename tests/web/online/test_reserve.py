"""Reserving online: a question a page, done once, refused in plain words, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from lending.db import Database
from lending.models.cohorts import Cohort, Enrolment, Pool, Program
from lending.models.kits import KitType
from lending.models.notices import Channel, Notice
from lending.models.outcomes import HeardFrom, HeardOf
from lending.models.people import Card, Patron
from lending.models.policies import Agreement, AgreementAcceptance, Signing
from lending.models.reservations import Reservation
from tests.cast import LUIS, NOW, Cast
from tests.web.browsers import Browser, signed_in_with_card
from tests.web.online.asking import choose, confirm, hidden, newcomers, only, page, reserve, say_who, tell

NewBrowser = Callable[[], Browser]


@pytest.fixture
def luis(new_browser: NewBrowser, cast: Cast) -> Browser:
    """Luis, signed in to his own pages; the library writes to him."""
    return signed_in_with_card(new_browser(), LUIS)


@pytest.fixture
def written_to(sqlite_database: Database, cast: Cast) -> None:
    """The library knows how to reach Luis."""
    sqlite_database.act(lambda s: setattr(s.get_one(Patron, cast.luis_id), "email", "luis@example.org"))


def test_the_language_in_which_a_patron_is_told_is_one_that_is_spoken(
    luis: Browser, written_to: None, sqlite_database: Database, cast: Cast
) -> None:
    sqlite_database.act(lambda s: setattr(s.get_one(Patron, cast.luis_id), "language", "ko"))
    choose(luis)
    shown = page(luis.get("/reserve/check"))
    assert "luis@example.org" in shown
    assert "Korean" not in shown


def test_somebody_without_a_card_has_a_seat_and_a_kit_in_five_forms(
    new_browser: NewBrowser, sqlite_database: Database, cast: Cast
) -> None:
    browser = new_browser()
    answers = [say_who(browser), browser.post("/reserve/session", {"choice": "session:WR-7"})]
    answers += [browser.post("/reserve/library", {"place": "ELA/work-ready"}), tell(browser, language="en")]
    steps = [answer.headers["Location"] for answer in answers]
    assert steps == ["/reserve/session", "/reserve/library", "/reserve/reach", "/reserve/check"]
    done = confirm(browser)
    assert done.status_code == 303
    [nadia] = newcomers(sqlite_database)
    seat = only(sqlite_database, select(Enrolment).where(Enrolment.patron_id == nadia.id))
    assert done.headers["Location"] == f"/reserve/confirmed/{seat.public_id}"
    kit = only(sqlite_database, select(Reservation).where(Reservation.enrolment_id == seat.id))
    reference = only(sqlite_database, select(Card.number).where(Card.patron_id == nadia.id))
    shown = page(browser.get(done.headers["Location"]))
    for words in (
        "You have a seat",
        "Work Ready 7",
        reference,
        kit.pickup_code,
        "A kit is kept for you",
        "proof of who",
    ):
        assert words in shown, words
    assert "East Los Angeles Library" in shown
    assert "10:00" in shown
    assert (nadia.email, nadia.notice_channel, nadia.home_branch_id) == ("nadia@example.org", Channel.EMAIL, cast.ela)


def test_no_name_and_no_birth_date_ever_stand_in_an_address(new_browser: NewBrowser) -> None:
    browser = new_browser()
    for answer in (say_who(browser), choose(browser), tell(browser), confirm(browser)):
        address = answer.headers["Location"]
        assert not any(word in address for word in ("adia", "1988", "example", "@", "?"))


def test_who_is_signed_in_is_asked_for_the_session_the_library_and_nothing_else(
    luis: Browser, written_to: None, sqlite_database: Database, cast: Cast
) -> None:
    assert luis.get("/reserve").headers["Location"] == "/reserve/session"
    assert choose(luis).headers["Location"] == "/reserve/check"
    shown = page(luis.get("/reserve/check"))
    assert "luis@example.org" in shown
    assert "Type your full name" not in shown, "Luis has signed before"
    done = confirm(luis)
    seat = only(sqlite_database, select(Enrolment).where(Enrolment.patron_id == cast.luis_id))
    assert done.headers["Location"] == f"/reserve/confirmed/{seat.public_id}"
    shown = page(luis.get(done.headers["Location"]))
    assert "Your library card" in shown
    assert seat.public_id in shown


def test_a_kit_without_a_session_is_reserved_too(
    luis: Browser, written_to: None, sqlite_database: Database, cast: Cast
) -> None:
    choose(luis, "kit:laptop-hotspot", "ELA/laptop-hotspot")
    done = confirm(luis)
    found = only(sqlite_database, select(Reservation).where(Reservation.patron_id == cast.luis_id))
    assert done.headers["Location"] == f"/reserve/confirmed/{found.public_id}"
    shown = page(luis.get(done.headers["Location"]))
    assert "Your kit is reserved" in shown
    assert found.pickup_code in shown


def test_a_thumb_that_taps_twice_reserves_once(new_browser: NewBrowser, sqlite_database: Database) -> None:
    browser = new_browser()
    say_who(browser)
    choose(browser)
    tell(browser)
    shown = page(browser.get("/reserve/check"))
    data = {"key": hidden(shown, "key"), "read": hidden(shown, "read"), "typed_name": "Nadia Haddad"}
    token, cookie = browser.token, browser.client.get_cookie("lending")
    first = browser.client.post("/reserve/check", data={"csrf_token": token, **data})
    twin = browser.client.application.test_client()
    twin.set_cookie("lending", cookie.value)
    second = twin.post("/reserve/check", data={"csrf_token": token, **data})
    assert (first.status_code, first.headers["Location"]) == (second.status_code, second.headers["Location"])
    assert len(newcomers(sqlite_database)) == 1
    assert twin.get(second.headers["Location"]).status_code == 200


def test_going_back_shows_what_was_chosen_and_goes_on_from_there(new_browser: NewBrowser) -> None:
    browser = new_browser()
    say_who(browser)
    choose(browser)
    tell(browser)
    assert 'value="Nadia Haddad"' in page(browser.get("/reserve"))
    assert page(browser.get("/reserve/session")).count("checked") == 1
    assert page(browser.get("/reserve/library")).count("checked") == 1
    assert browser.post("/reserve/session", {"choice": "kit:laptop-hotspot"}).headers["Location"] == "/reserve/library"
    assert browser.get("/reserve/check").headers["Location"] == "/reserve/library"


@pytest.mark.parametrize("path", ["session", "library", "reach", "check"])
def test_a_page_in_the_middle_sends_a_newcomer_to_the_first_question(new_browser: NewBrowser, path: str) -> None:
    browser = new_browser()
    address = f"/reserve/{path}"
    for _ in range(3):
        answer = browser.get(address)
        if answer.status_code == 200:
            break
        address = answer.headers["Location"]
    assert address == "/reserve"


def test_what_was_said_is_forgotten_when_it_is_done(new_browser: NewBrowser) -> None:
    browser = new_browser()
    reserve(browser)
    browser.post("/my/sign-out")
    assert "Nadia" not in page(browser.get("/reserve"))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": ""}, "Fill this in."),
        ({"birth_date": ""}, "Fill this in."),
        ({"contact": "nobody"}, "Type an e-mail address"),
        ({"contact": "12"}, "Type an e-mail address"),
    ],
)
def test_what_is_missing_or_wrong_is_said_at_its_field_and_above(
    new_browser: NewBrowser, given: dict[str, str], words: str
) -> None:
    answer = say_who(new_browser(), **given)
    assert answer.status_code == 422
    assert page(answer).count(words) == 2
    assert "<title>Error:" in page(answer).replace("\n", "")


def test_what_is_signed_is_kept_with_its_version_and_a_copy_goes_by_mail(
    new_browser: NewBrowser, sqlite_database: Database
) -> None:
    browser = new_browser()
    reserve(browser)
    [nadia] = newcomers(sqlite_database)
    signed = only(sqlite_database, select(AgreementAcceptance).where(AgreementAcceptance.patron_id == nadia.id))
    text = only(sqlite_database, select(Agreement))
    assert (signed.agreement_id, signed.how, signed.typed_name) == (text.id, Signing.ONLINE, "Nadia Haddad")
    assert only(sqlite_database, select(Notice).where(Notice.subject == f"signature:{signed.id}")).channel == "email"


def test_without_a_name_nothing_is_signed_and_nothing_reserved(
    new_browser: NewBrowser, sqlite_database: Database
) -> None:
    browser = new_browser()
    say_who(browser)
    choose(browser)
    tell(browser)
    answer = confirm(browser, typed_name="  ")
    assert answer.status_code == 422
    assert "Type your full name" in page(answer)
    assert newcomers(sqlite_database) == []


def test_a_new_version_is_read_before_it_is_signed(new_browser: NewBrowser, sqlite_database: Database) -> None:
    browser = new_browser()
    say_who(browser)
    choose(browser)
    tell(browser)
    shown = page(browser.get("/reserve/check"))
    old = sqlite_database.act(lambda s: s.query(Agreement).one())
    newer = Agreement(
        code=old.code, version=2, language="en", title=old.title, body="I bring it back clean.", published_on=NOW.date()
    )
    sqlite_database.act(lambda s: s.add(newer))
    answer = confirm(browser, read=hidden(shown, "read"))
    assert answer.status_code == 409
    assert "The agreement has changed" in page(answer)
    assert "I bring it back clean." in page(answer)
    assert newcomers(sqlite_database) == []
    assert confirm(browser).status_code == 303


def test_a_statement_of_need_is_signed_besides(new_browser: NewBrowser, sqlite_database: Database, cast: Cast) -> None:
    def ask_for_it(session: Any) -> None:
        session.get_one(KitType, cast.work_ready).statement = "need"
        session.add(
            Agreement(code="need", version=1, language="en", title="Need", body="I need it.", published_on=NOW.date())
        )

    sqlite_database.act(ask_for_it)
    browser = new_browser()
    reserve(browser)
    [nadia] = newcomers(sqlite_database)
    with sqlite_database.read() as session:
        signed = session.scalars(
            select(Agreement.code)
            .join(AgreementAcceptance, AgreementAcceptance.agreement_id == Agreement.id)
            .where(AgreementAcceptance.patron_id == nadia.id)
        )
        assert sorted(signed) == ["borrowing", "need"]


def test_the_questions_of_a_programme_are_asked_and_an_answer_may_keep_somebody_out(
    new_browser: NewBrowser, sqlite_database: Database, cast: Cast
) -> None:
    rules = {"questions": [{"code": "work", "text": "Are you looking for work?", "must": True}]}
    sqlite_database.act(lambda s: setattr(s.get_one(Program, cast.program), "eligibility", rules))
    browser = new_browser()
    say_who(browser)
    no = choose(browser, question_work="no")
    assert no.status_code == 422
    assert "people who answer yes" in page(no)
    assert choose(browser).status_code == 422, "a question is answered"
    assert choose(browser, question_work="yes").headers["Location"] == "/reserve/reach"
    tell(browser)
    assert confirm(browser).status_code == 303


def test_what_stands_against_a_session_is_said_before_it_is_chosen(
    new_browser: NewBrowser, sqlite_database: Database, cast: Cast, ada: Browser
) -> None:
    shown = page(ada.get("/reserve/session"))
    assert "You are in that session already." in shown
    assert "disabled" in shown
    answer = ada.post("/reserve/session", {"choice": "session:WR-7"})
    assert answer.status_code == 422
    sqlite_database.act(lambda s: setattr(s.get_one(Program, cast.program), "eligibility", {"min_age": 40}))
    browser = new_browser()
    say_who(browser)
    assert "for people of 40 years or more." in page(browser.get("/reserve/session"))


def test_seats_and_kits_that_are_left_and_lines_are_told(
    new_browser: NewBrowser, sqlite_database: Database, cast: Cast
) -> None:
    browser = new_browser()
    say_who(browser)
    shown = page(browser.get("/reserve/session"))
    assert "19 seats left" in shown
    assert "2 kits left" in shown
    sqlite_database.act(lambda s: setattr(s.get_one(Cohort, cast.cohort), "capacity", 1))
    sqlite_database.act(lambda s: [setattr(pool, "kits", 1) for pool in s.query(Pool)])
    assert "All seats are taken. You would be first on the waiting list." in page(browser.get("/reserve/session"))
    browser.post("/reserve/session", {"choice": "session:WR-7"})
    assert "None left here. You would be first in line." in page(browser.get("/reserve/library"))
    browser.post("/reserve/library", {"place": "ELA/work-ready"})
    tell(browser)
    shown = page(browser.get(confirm(browser).headers["Location"]))
    assert "number 1 on the waiting list" in shown
    assert "number 1 in line for a kit" in shown


def test_the_pick_up_goes_into_a_calendar_on_the_first_open_day(new_browser: NewBrowser, clock: Any) -> None:
    browser = new_browser()
    address = reserve(browser).headers["Location"]
    answer = browser.get(f"{address}/calendar.ics")
    assert answer.mimetype == "text/calendar"
    text = page(answer)
    assert "DTSTART:20260303T180000Z" in text
    assert "Nadia" not in text
    assert "Work Ready 7" in text


def test_without_a_day_for_the_pick_up_there_is_no_calendar_file(luis: Browser, written_to: None) -> None:
    choose(luis, "kit:laptop-hotspot", "ELA/laptop-hotspot")
    address = confirm(luis).headers["Location"]
    assert "calendar.ics" not in page(luis.get(address))
    assert luis.get(f"{address}/calendar.ics").status_code == 404


def test_a_patron_whom_nobody_reaches_is_asked_how_and_it_is_kept(
    luis: Browser, sqlite_database: Database, cast: Cast
) -> None:
    assert choose(luis).headers["Location"] == "/reserve/reach"
    shown = page(luis.get("/reserve/reach"))
    data = {"key": hidden(shown, "key"), "language": "en"}
    wrong = luis.post("/reserve/reach", {**data, "contact": "luis@example.org", "channel": "text"})
    assert wrong.status_code == 422
    done = luis.post("/reserve/reach", {**data, "contact": "213 555 0142", "channel": "text"})
    assert done.headers["Location"] == "/reserve/check"
    known = only(sqlite_database, select(Patron).where(Patron.id == cast.luis_id))
    assert (known.phone, known.notice_channel) == ("+12135550142", Channel.TEXT)
    assert known.text_consent_wording is not None


def test_how_they_heard_is_asked_once_when_all_is_done(
    new_browser: NewBrowser, sqlite_database: Database, cast: Cast
) -> None:
    browser = new_browser()
    there = reserve(browser).headers["Location"]
    assert "How did you hear about it?" in page(browser.get(there))
    for key in ("a" * 16, "b" * 16):
        assert browser.post(f"{there}/heard", {"heard": "friend", "key": key}).headers["Location"] == there
    assert "How did you hear about it?" not in page(browser.get(there))
    assert only(sqlite_database, select(HeardOf.source)) is HeardFrom.FRIEND
