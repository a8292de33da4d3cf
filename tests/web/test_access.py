"""Who may open what: every route for every role, tokens on every change, and nothing changed by a look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from lending.app import create_app
from lending.domain.permissions import Role, may
from lending.web import access, setup_steps
from tests.cast import ADA, COMPTON_KIT, KIT, Cast
from tests.web.browsers import Browser, signed_in

CIRCULATES = {"ben", "cleo", "eli"}
EVERYBODY = {"ben", "cleo", "dora", "eli"}
MANAGES = {"cleo", "eli"}
MOVES = EVERYBODY
PLANS = {"dora", "eli"}
LEADS = {"cleo", "dora", "eli"}
ROLES = {"ben": Role.DESK, "cleo": Role.MANAGER, "dora": Role.PROGRAM, "eli": Role.ADMIN}

NO_STAFF: set[str] = set()
"""Patrons alone."""

MAY: dict[str, set[str]] = {
    "account.language": {"nobody", *EVERYBODY},
    "account.sign_in": {"nobody", *EVERYBODY},
    "account.sign_out": EVERYBODY,
    "account.station": EVERYBODY,
    "administration.index": {"eli"},
    "administration.retention": {"eli"},
    "administration.translation": {"eli"},
    "erasing.page": MANAGES,
    **{f"ledger.{page}": {"eli"} for page in ("index", "approve", "close", "read", "workbook", "plain", "keepers")},
    **{f"records_requests.{page}": EVERYBODY for page in ("index", "new", "show")},
    "records_requests.export": MANAGES,
    "retention.report": {"eli"},
    "accessibility.statement": {"nobody", *EVERYBODY},
    "agreements.index": PLANS,
    "agreements.new": {"eli"},
    "agreements.show": PLANS,
    "bootstrap.static": {"nobody", *EVERYBODY},
    "camera.photos": EVERYBODY,
    "demonstration.page": {"eli"},
    "desk.desk": CIRCULATES,
    "desk.returns": CIRCULATES,
    "desk.scans": EVERYBODY,
    "desk.search": EVERYBODY,
    "forecast.index": EVERYBODY,
    "forecast.show": EVERYBODY,
    "health.healthz": {"nobody", *EVERYBODY},
    "health.numbers": {"nobody", *EVERYBODY},
    "health.readyz": {"nobody", *EVERYBODY},
    "help.show": {"nobody", *EVERYBODY},
    **{
        f"imports.{page}": {"eli"}
        for page in ("index", "new", "show", "columns", "carry_out", "forget", "undo", "template")
    },
    "holidays.page": {"eli"},
    **{f"in_library.{page}": CIRCULATES for page in ("page", "at_workshop", "at_hiring_event", "use", "ended")},
    **{f"inquiries.{page}": EVERYBODY for page in ("page", "sheet")},
    **{f"referrals.{page}": EVERYBODY for page in ("index", "new", "show", "consent")},
    **{f"hiring.{page}": EVERYBODY for page in ("index", "new", "show", "edit", "cancel", "count", "figures")},
    "outcome_lists.edit": {"eli"},
    "inspection.cart": CIRCULATES,
    "inspection.sheet": CIRCULATES,
    "jobs.index": {"eli"},
    **{f"kit_types.{page}": {"eli"} for page in ("edit", "index", "new", "photo", "show")},
    "kits.back": CIRCULATES,
    "kits.edit": CIRCULATES,
    "kits.exchange": CIRCULATES,
    "kits.index": MOVES,
    "kits.label": CIRCULATES,
    "kits.line": CIRCULATES,
    "kits.new": CIRCULATES,
    "kits.replace": CIRCULATES,
    "kits.report": CIRCULATES,
    "kits.say": CIRCULATES,
    "kits.send": MOVES,
    "kits.show": MOVES,
    "kits.withdraw": MANAGES,
    "letters.index": CIRCULATES,
    "letters.printed": CIRCULATES,
    "loans.due_date": {"cleo", "dora", "eli"},
    "loans.renew": CIRCULATES,
    "loans.swap": CIRCULATES,
    **{f"new_kits.{page}": CIRCULATES for page in ("labels", "many", "sheet", "test_page")},
    "notice_log.index": {"eli"},
    "notices.edit": {"eli"},
    "notices.index": {"eli"},
    "notices.restore": {"eli"},
    "own_library.edit": {"eli"},
    "own_library.style": {"nobody", *EVERYBODY},
    "own_account.page": EVERYBODY,
    "own_account.password": EVERYBODY,
    "own_account.weekly_mail": LEADS,
    "patrons.block": CIRCULATES,
    "patrons.card": CIRCULATES,
    "patrons.edit": CIRCULATES,
    "patrons.index": EVERYBODY,
    "patrons.merge": MANAGES,
    "patrons.new": CIRCULATES,
    "patrons.pay": CIRCULATES,
    "patrons.refund": CIRCULATES,
    "patrons.show": EVERYBODY,
    "patrons.unblock": CIRCULATES,
    "patrons.waive": MANAGES,
    "programs.edit": PLANS,
    "programs.index": PLANS,
    "programs.new": {"eli"},
    "questions.index": PLANS,
    "questions.remove": PLANS,
    "reservations.end": EVERYBODY,
    "reservations.new": EVERYBODY,
    "roster.desk": CIRCULATES,
    "roster.enrol": EVERYBODY,
    "roster.no_shows": EVERYBODY,
    "roster.on_paper": EVERYBODY,
    "roster.rows": CIRCULATES,
    "roster.show": EVERYBODY,
    "roster.today": CIRCULATES,
    "seats.leave": EVERYBODY,
    "seats.move": EVERYBODY,
    "seats.accept": EVERYBODY,
    "seats.ask": EVERYBODY,
    "seats.excused": EVERYBODY,
    "seats.show": EVERYBODY,
    **dict.fromkeys(
        (
            *("my_kit.page", "my_kit.renew", "my_kit.problem", "my_kit.history", "my_kit.receipt"),
            *("my_place.page", "my_place.file", "my_place.cancel", "my_place.leave", "my_place.accept", "my_place.ask"),
            *("my_library.page", "my_workshops.page", "my_workshops.file", "preferences.page", "my_pin.change"),
            *("my_data.page", "my_data.download", "my_data.erase"),
            *("confirmed.page", "confirmed.calendar", "confirmed.said"),
        ),
        NO_STAFF,
    ),
    "my_workshops.feed": {"nobody", *EVERYBODY},
    **{f"registering.{page}": {"nobody", *EVERYBODY} for page in ("index", "page", "registered", "calendar", "cancel")},
    **{f"answering.{page}": {"nobody", *EVERYBODY} for page in ("page", "thanks")},
    **{f"registrations.{page}": EVERYBODY for page in ("show", "person", "came", "undo", "cancel")},
    **{f"surveys.{page}": EVERYBODY for page in ("of_workshop", "of_session", "sheet", "qr")},
    **{f"stories.{page}": EVERYBODY for page in ("index", "on_paper", "consent", "new", "withdraw")},
    **dict.fromkeys(("registrations.new", "registrations.opening", "captains.page", "captains.remove"), PLANS),
    **dict.fromkeys(("surveys.index", "hearing.index"), LEADS),
    "hearing.person": EVERYBODY,
    "reserve.who": {"nobody", *EVERYBODY},
    "reserve.what": {"nobody", *EVERYBODY},
    "reserve.where": {"nobody", *EVERYBODY},
    "reserve.start_over": {"nobody", *EVERYBODY},
    "reaching.page": {"nobody", *EVERYBODY},
    "confirming.check": {"nobody", *EVERYBODY},
    "pin_codes.ask": {"nobody", *EVERYBODY},
    "pin_codes.code": {"nobody", *EVERYBODY},
    "pin_at_desk.give": CIRCULATES,
    "signing_in.sign_in": {"nobody", *EVERYBODY},
    "signing_in.sign_out": set(),
    "verifying.page": CIRCULATES,
    "start.page": {"nobody", *EVERYBODY},
    "second_factor.begin": EVERYBODY,
    "second_factor.codes": EVERYBODY,
    "second_factor.confirm": EVERYBODY,
    "second_factor.page": EVERYBODY,
    "second_factor.qr": EVERYBODY,
    "second_factor.remove": EVERYBODY,
    "second_step.page": {"nobody", *EVERYBODY},
    "shelf.pull_list": CIRCULATES,
    "shelf.shelf": CIRCULATES,
    "shelf.slip": CIRCULATES,
    **{key: {"eli"} for key in ("branches.edit", "branches.index", "branches.new", "branches.show", "branches.stand")},
    "calls.show": CIRCULATES,
    "ladders.edit": {"eli"},
    "ladders.index": {"eli"},
    "ladders.restore": {"eli"},
    "pictures.show": {"nobody", *EVERYBODY},
    "policies.edit": {"eli"},
    "policies.index": {"eli"},
    "policies.restore": {"eli"},
    "policies.take_back": {"eli"},
    "lines.export": CIRCULATES,
    "lines.index": CIRCULATES,
    "lines.say": CIRCULATES,
    "lines.upload": CIRCULATES,
    "sign_in_service.back": {"nobody", *EVERYBODY},
    "sign_in_service.go": {"nobody", *EVERYBODY},
    "slips.commands": CIRCULATES,
    "slips.payment": CIRCULATES,
    "slips.statement": CIRCULATES,
    "tasks.finish": CIRCULATES,
    "tasks.index": CIRCULATES,
    "closures.index": MANAGES,
    "closures.new": MANAGES,
    "closures.remove": MANAGES,
    "setup.page": {"nobody", *EVERYBODY},
    **{f"setup_steps.{step}": {"eli"} for step in ("go_on", *setup_steps.STEPS)},
    "sessions.cancel": PLANS,
    "sessions.copy": PLANS,
    "sessions.drop": PLANS,
    "sessions.edit": PLANS,
    "sessions.index": EVERYBODY,
    "sessions.new": PLANS,
    "sessions.show": EVERYBODY,
    "sessions.workshop": PLANS,
    "slips.inspection": CIRCULATES,
    "slips.parts": CIRCULATES,
    "slips.receipt": CIRCULATES,
    "slips.transfer": MOVES,
    "staff.edit": {"eli"},
    "staff.index": {"eli"},
    "staff.link": {"eli"},
    "staff.new": {"eli"},
    "staff.password": {"eli"},
    "staff.press": {"eli"},
    "staff.revoke": {"eli"},
    "staff.show": {"eli"},
    "staff.subject": {"eli"},
    "staff.token": {"eli"},
    "static": {"nobody", *EVERYBODY},
    "stocktakes.finish": CIRCULATES,
    "stocktakes.index": CIRCULATES,
    "stocktakes.show": CIRCULATES,
    "texts.index": {"eli"},
    "transfers.show": MOVES,
    "today.page": EVERYBODY,
    "today.rows": EVERYBODY,
    "today.file": LEADS,
    **{f"{page}.{way}": LEADS for page in ("official", "impact") for way in ("page", "file")},
    **{
        f"{report}.{what}": LEADS
        for report in ("circulation", "funnels", "losses", "outcomes", "stock")
        for what in ("page", "file")
    },
    "rows.page": LEADS,
    "months.page": MANAGES,
    "months.show": MANAGES,
    "months.close": MANAGES,
    "months.file": MANAGES,
    "webhooks.again": {"eli"},
    "webhooks.edit": {"eli"},
    "webhooks.index": {"eli"},
    "webhooks.new": {"eli"},
    "webhooks.press": {"eli"},
    "webhooks.show": {"eli"},
    "welcome.page": {"nobody", *EVERYBODY},
    "workshops.count": EVERYBODY,
    "workshops.index": EVERYBODY,
    "workshops.of_session": EVERYBODY,
    "workshops.participants": EVERYBODY,
    "workshops.people": EVERYBODY,
    "workshops.recording": EVERYBODY,
    "workshops.show": EVERYBODY,
    "workshops.views": EVERYBODY,
}
"""Every endpoint of the pages, and who may open it. A route without a row fails."""


def pages(app: Flask) -> Iterator[Any]:
    own = access.guarded_blueprints(app)
    for rule in app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] not in own:
            yield rule


def url_of(app: Flask, rule: Any) -> str:
    values = {"barcode": KIT, "part_id": 1, "what": "lost", "filename": "a", "code": "WR-7", "enrolment": "x" * 16}
    values |= {"answer": "asked", "place": "ELA", "starts_on": "2026-03-09", "ends_on": "2026-03-09"}
    values |= {"kit_type": "work-ready", "language": "en", "version": 1, "question": "work"}
    values |= {"step": "overdue", "channel": "email", "deed": "stop", "branch": "ELA"}
    values |= {"run": "x" * 16, "kind": "kits", "form": "csv", "which": "devices"}
    values |= {"how": "close", "link": "x", "wait": "overdue", "month": "2026-02", "mode": "onsite"}
    values |= dict.fromkeys(("registration", "survey", "captain", "story", "opening", "request_id"), "x" * 16)
    values |= dict.fromkeys(
        ("public_id", "loan", "charge", "reservation", "delivery", "workshop", "token", "made"), "x" * 16
    )
    with app.test_request_context():
        return str(app.url_for(rule.endpoint, **{name: values[name] for name in rule.arguments}))


def test_every_route_has_its_row(app: Flask) -> None:
    assert {rule.endpoint for rule in pages(app)} == set(MAY)


@pytest.mark.parametrize("username", ["nobody", "ben", "cleo", "dora", "eli"])
def test_a_page_opens_to_those_of_its_row_and_to_nobody_else(
    app: Flask, new_browser: Callable[[], Browser], username: str
) -> None:
    browser = new_browser()
    if username != "nobody":
        signed_in(browser, username)
    wrong = []
    for rule in pages(app):
        method = "GET" if "GET" in rule.methods else "POST"
        if rule.endpoint in ("account.sign_out", "account.sign_in", "signing_in.sign_in", "second_step.page"):
            continue
        answer = browser.post(url_of(app, rule)) if method == "POST" else browser.get(url_of(app, rule))
        to_sign_in = answer.headers.get("Location", "").startswith(("/sign-in", "/my/sign-in"))
        turned_away = answer.status_code in (401, 403) or to_sign_in
        if turned_away is (username in MAY[rule.endpoint]):
            # A verb may still say no to a role that the page opens for: that is its own 403.
            if answer.status_code == 403 and username in MAY[rule.endpoint] and method == "POST":
                continue
            wrong.append((rule.endpoint, answer.status_code))
    assert not wrong


def test_patrons_open_their_own_pages_and_what_is_everybodys(app: Flask, ada: Browser) -> None:
    wrong = []
    for rule in pages(app):
        method = "GET" if "GET" in rule.methods else "POST"
        if rule.endpoint in ("signing_in.sign_out", "signing_in.sign_in", "account.sign_in", "second_step.page"):
            continue
        answer = ada.post(url_of(app, rule)) if method == "POST" else ada.get(url_of(app, rule))
        to_sign_in = answer.headers.get("Location", "").startswith(("/sign-in", "/my/sign-in"))
        opens = access.declared(app, rule.endpoint) in (access.OWN, access.PUBLIC)
        if opens is (answer.status_code in (401, 403) or to_sign_in):
            wrong.append((rule.endpoint, answer.status_code))
    assert not wrong


def test_every_declaration_agrees_with_the_permission_sheet(app: Flask) -> None:
    for rule in pages(app):
        declared = access.declared(app, rule.endpoint)
        if isinstance(declared, tuple) and declared:
            allowed = {name for name, role in ROLES.items() if any(may(role, act) for act in declared)}
            assert allowed == MAY[rule.endpoint], rule.endpoint


def test_an_endpoint_that_says_nothing_stops_the_start(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    from flask import Blueprint

    from lending import web

    forgotten = Blueprint("forgotten", __name__)
    forgotten.add_url_rule("/forgotten", "page", lambda: "everything")
    found = web.blueprints()
    monkeypatch.setattr(web, "blueprints", lambda: (*found, forgotten))
    with pytest.raises(RuntimeError, match=r"forgotten\.page"):
        create_app(library=app.extensions["lending"])


def test_a_page_that_says_nothing_is_open_to_nobody(eli: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    assert eli.get("/kits").status_code == 200
    monkeypatch.setattr(access, "declared", lambda app, endpoint: None)
    assert eli.get("/kits").status_code == 403


def test_every_change_needs_the_token_of_its_session(app: Flask, ben: Browser) -> None:
    for rule in pages(app):
        for method in rule.methods - {"GET", "HEAD", "OPTIONS"}:
            answer = ben.client.open(url_of(app, rule), method=method, data={"key": "k" * 16})
            assert answer.status_code == 400, rule.endpoint
    assert ben.client.post("/desk/scans", json={"code": KIT}).status_code == 400


def test_a_token_of_another_session_is_refused(ben: Browser, cleo: Browser) -> None:
    answer = ben.client.post("/sign-out", data={"csrf_token": cleo.token})
    assert answer.status_code == 400
    assert ben.get("/desk").status_code == 200


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/patrons/a%00b", 404),
        ("/slips/loans/a%00b", 404),
        (f"/agreements/borrowing/en/{2**63}", 404),
        ("/search?q=ab%00cd", 400),
        ("/kits?after=%00", 400),
        ("/kits?branch=%00", 400),
    ],
)
def test_what_no_database_keeps_is_not_asked_for(eli: Browser, address: str, status: int) -> None:
    """PostgreSQL refuses the null character even in a question."""
    assert eli.get(address).status_code == status


def test_what_no_database_keeps_is_not_written_either(eli: Browser) -> None:
    assert eli.post("/sign-in", {"username": "a\0b", "password": "x"}).status_code == 400
    assert eli.post(f"/kits/{KIT}/withdraw", {"key": "k" * 16, "reason": "a\0b"}).status_code == 400


def test_asking_for_the_head_of_a_page_does_nothing_that_is_sent_with_it(ben: Browser, sqlite_database: Any) -> None:
    """Such a request needs no token of the session, so it must not be taken for a form."""
    scan = {"code": KIT, "patron": ADA, "key": "k" * 16, "station": "ELA/Station 1"}
    for page in ("/desk", "/returns", "/inspection", "/kits/new", "/patrons/new"):
        assert ben.client.head(page, data=scan).status_code == 200, page
    assert ben.scan(KIT, screen="returns").status_code == 409, "the kit was lent"


def test_a_look_changes_nothing_but_the_record_of_looking(app: Flask, eli: Browser, sqlite_database: Any) -> None:
    from sqlalchemy import select

    from lending.models.journal import JournalEntry

    for rule in pages(app):
        if "GET" in rule.methods and "static" not in rule.endpoint:
            eli.get(url_of(app, rule), query_string={"q": "Morales"})
    with sqlite_database.read() as session:
        verbs = set(session.scalars(select(JournalEntry.verb)))
    assert verbs <= {"search_patrons", "look_at_patron"}


def test_a_kit_and_a_patron_of_another_branch_look_like_none(ben: Browser, cast: Cast, sqlite_database: Any) -> None:
    from lending.models.people import Patron

    with sqlite_database.read() as session:
        mina = session.get(Patron, cast.mina_id)
    there, nowhere = ben.get(f"/patrons/{mina.public_id}"), ben.get("/patrons/" + "x" * 16)
    assert there.status_code == nowhere.status_code == 404
    assert "Mina" not in there.get_data(as_text=True)
    for address in ("/inspection/{}", "/slips/kits/{}/inspection"):
        theirs, none = (ben.get(address.format(code)) for code in (COMPTON_KIT, "KIT-999999"))
        assert theirs.status_code == none.status_code == 404


def test_no_branch_is_not_every_branch(new_browser: Callable[[], Browser], sqlite_database: Any, cast: Cast) -> None:
    from lending.models.people import StaffBranch

    sqlite_database.act(lambda s: s.query(StaffBranch).filter_by(staff_id=cast.ben_id).delete())
    ben = signed_in(new_browser(), "ben")
    assert "KIT-" not in ben.get("/kits").get_data(as_text=True).partition("<table")[2]
    assert ben.get("/desk").status_code == 302
    assert "Ada" not in ben.get("/search?q=Morales").get_data(as_text=True)
