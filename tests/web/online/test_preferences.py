"""How a patron is reached, what is kept about them, and a new PIN for who knows the old one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from lending.clock import MovingClock, SystemClock
from lending.db import Database
from lending.models.notices import Channel
from lending.models.people import Patron
from lending.models.tasks import Task, TaskKind
from tests.cast import ADA, LUIS, NOW, Cast
from tests.circulation.kits_in_hand import journalled, only
from tests.web.browsers import PIN, Browser, signed_in_with_card
from tests.web.looking import key

NEW = "739120"


def patron(database: Database, cast: Cast) -> Patron:
    return only(database, Patron, Patron.id == cast.luis_id)


def save(browser: Browser, **form: str) -> int:
    given = {"email": "", "phone": "", "notice_channel": "", "language": "en", "texts_before": "", **form}
    return browser.post("/my/preferences", {"key": key(), **given}).status_code


def test_everything_is_saved_and_the_consent_with_its_wording_and_time(
    luis: Browser, sqlite_database: Database, cast: Cast
) -> None:
    told = {"email": "luis@EXAMPLE.org", "phone": "213-555-0148", "texts": "y", "notice_channel": "text"}
    assert save(luis, **told, language="es", keeps_history="y") == 303
    row = patron(sqlite_database, cast)
    assert (row.email, row.phone, row.notice_channel) == ("luis@example.org", "+12135550148", Channel.TEXT)
    assert (row.language, row.keeps_history, row.text_consent_at) == ("es", True, NOW)
    assert "STOP" in (row.text_consent_wording or "")
    assert 'lang="es"' in luis.get("/my/preferences").get_data(as_text=True)
    assert "luis@example.org" not in str([entry.detail for entry in journalled(sqlite_database, "change_patron")])


def test_taking_the_tick_away_takes_the_consent_back(luis: Browser, sqlite_database: Database, cast: Cast) -> None:
    save(luis, phone="213-555-0148", texts="y")
    assert save(luis, phone="213-555-0148", texts_before="yes") == 303
    assert patron(sqlite_database, cast).text_consent_at is None


def test_a_consent_that_was_stopped_meanwhile_is_not_given_anew_by_an_old_tick(
    luis: Browser, sqlite_database: Database, cast: Cast
) -> None:
    save(luis, phone="213-555-0148", texts="y")

    def stop(session: object) -> None:
        row = session.get(Patron, cast.luis_id)  # type: ignore[attr-defined]  # a session of SQLAlchemy
        row.text_consent_at = row.text_consent_wording = None
        row.text_stopped_at = NOW

    sqlite_database.act(stop)
    assert save(luis, phone="+12135550148", texts="y", texts_before="yes") == 303
    assert patron(sqlite_database, cast).text_consent_at is None


@pytest.mark.parametrize(("field", "value"), [("email", "nobody"), ("phone", "12"), ("language", "xx")])
def test_what_cannot_be_right_is_said_at_its_field(
    luis: Browser, sqlite_database: Database, cast: Cast, field: str, value: str
) -> None:
    assert save(luis, **{field: value}) == 422
    assert patron(sqlite_database, cast).language == "en"


def test_what_is_kept_is_shown_and_taken_away_as_a_file(luis: Browser, lent: str) -> None:
    assert "Luis Ramos" in luis.get("/my/data").get_data(as_text=True)
    answer = luis.get("/my/data/download.json")
    assert "attachment" in answer.headers["Content-Disposition"]
    told = json.loads(answer.get_data(as_text=True))
    assert told["patron"][0]["name"] == "Luis Ramos"
    assert told["cards"][0]["number"] == LUIS
    assert [loan["id"] for loan in told["loans"]] == [lent]
    assert len(told["parts"]) == 5
    assert "Okafor" not in json.dumps(told), "no name of staff"
    assert "hash" not in json.dumps(told)


def test_erasure_is_asked_for_in_two_taps_and_becomes_a_task(
    luis: Browser, ben: Browser, sqlite_database: Database, cast: Cast
) -> None:
    assert luis.get("/my/data/erasure").status_code == 200
    assert luis.post("/my/data/erasure", {"key": key()}).status_code == 303
    task = only(sqlite_database, Task)
    assert (task.kind, task.patron_id, task.branch_id) == (TaskKind.PRIVACY_REQUEST, cast.luis_id, cast.ela)
    assert luis.post("/my/data/erasure", {"key": key()}).status_code == 409
    assert "erase the record" in ben.get("/tasks").get_data(as_text=True)


def change(browser: Browser, old: str, pin: str) -> int:
    return browser.post("/my/pin/change", {"key": key(), "old": old, "pin": pin}).status_code


def test_a_new_pin_needs_the_old_one_and_signs_others_out(luis: Browser, new_browser: Callable[[], Browser]) -> None:
    elsewhere = signed_in_with_card(new_browser(), LUIS)
    assert change(luis, "111222", NEW) == 401
    assert change(luis, PIN, NEW) == 303
    assert luis.get("/my").status_code == 200, "who changed it stays"
    assert elsewhere.get("/my").status_code == 302
    assert new_browser().post("/my/sign-in", {"card": LUIS, "pin": PIN}).status_code == 401
    signed_in_with_card(new_browser(), LUIS, NEW)


@pytest.mark.parametrize("pin", ["123456", "111111", "12345", "abcdef", "7391a0", "000026", "051790"])
def test_a_pin_that_is_tried_first_is_not_taken(luis: Browser, pin: str) -> None:
    assert change(luis, PIN, pin) == 422


def test_guessing_the_old_pin_is_bounded_as_signing_in_is(luis: Browser, clock: MovingClock) -> None:
    answers = [change(luis, f"{guess:06d}", NEW) for guess in range(100, 120)]
    assert answers[-1] == 429
    assert change(luis, PIN, NEW) == 429


def test_the_keys_digest_does_not_tell_the_pin(luis: Browser, sqlite_database: Database) -> None:
    from lending.circulation.acts import digest_of
    from lending.models.journal import IdempotencyKey

    change(luis, PIN, NEW)
    kept = only(sqlite_database, IdempotencyKey).digest
    assert kept == digest_of({"page": "/my/pin/change"})


def test_ada_is_not_touched(luis: Browser, sqlite_database: Database, cast: Cast, ada: Browser) -> None:
    save(luis, email="luis@example.org")
    assert only(sqlite_database, Patron, Patron.id == cast.ada_id).email is None
    assert ADA not in luis.get("/my/data").get_data(as_text=True)


@pytest.fixture
def a_while_later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The patron went for a coffee and left the page open."""

    def pass_by() -> None:
        moment = SystemClock().now() + timedelta(minutes=6)
        monkeypatch.setattr(SystemClock, "now", lambda _: moment)

    return pass_by


def test_another_address_needs_the_pin_once_it_was_not_typed_lately(
    luis: Browser, sqlite_database: Database, cast: Cast, a_while_later: Callable[[], None]
) -> None:
    assert "Your PIN" not in luis.get("/my/preferences").get_data(as_text=True)
    save(luis, email="luis@example.org")
    a_while_later()
    assert "Your PIN" in luis.get("/my/preferences").get_data(as_text=True)
    theirs = {"email": "thief@example.org"}
    assert [save(luis, **theirs), save(luis, **theirs, pin="111222")] == [422, 401]
    assert save(luis, email="luis@example.org", phone="213-555-0148") == 422
    assert (patron(sqlite_database, cast).email, patron(sqlite_database, cast).phone) == ("luis@example.org", None)
    assert save(luis, email="luis@example.net", pin=PIN) == 303
    assert patron(sqlite_database, cast).email == "luis@example.net"


def test_what_is_no_address_needs_no_pin(
    luis: Browser, sqlite_database: Database, cast: Cast, a_while_later: Callable[[], None]
) -> None:
    save(luis, email="luis@example.org")
    a_while_later()
    assert save(luis, email="luis@example.org", language="es", keeps_history="y") == 303
    assert patron(sqlite_database, cast).language == "es"


def test_guessing_the_pin_there_is_bounded_as_signing_in_is(luis: Browser, a_while_later: Callable[[], None]) -> None:
    a_while_later()
    answers = [save(luis, email="thief@example.org", pin=f"{guess:06d}") for guess in range(100, 120)]
    assert answers[-1] == 429
    assert save(luis, email="thief@example.org", pin=PIN) == 429


def test_the_page_that_asks_while_reserving_is_no_way_around(
    luis: Browser, sqlite_database: Database, cast: Cast, a_while_later: Callable[[], None]
) -> None:
    save(luis, email="luis@example.org")
    a_while_later()
    form = {"channel": "email", "language": "en"}
    asked = luis.post("/reserve/reach", {**form, "contact": "thief@example.org", "key": key()})
    assert (asked.status_code, "Type your PIN." in asked.get_data(as_text=True)) == (422, True)
    assert luis.post("/reserve/reach", {**form, "contact": "luis@example.org", "key": key()}).status_code == 303
    assert patron(sqlite_database, cast).email == "luis@example.org"


def test_who_has_no_pin_is_not_asked_for_one(
    luis: Browser, sqlite_database: Database, cast: Cast, a_while_later: Callable[[], None]
) -> None:
    sqlite_database.act(lambda s: s.execute(update(Patron).where(Patron.id == cast.luis_id).values(pin_hash=None)))
    a_while_later()
    assert save(luis, email="luis@example.org") == 303
