"""The API's description is whole, holds for every answer, and is read without anything from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lending import api
from lending.app import create_app
from lending.db import Database
from lending.errors import Reason
from lending.library import Library
from lending.settings import load
from tests.api.conftest import Door, Hands, give_tokens
from tests.cast import assemble

PROMISED = {
    "/checkouts": {"post"},
    "/returns": {"post"},
    "/inspections": {"post"},
    "/renewals": {"post"},
    "/exchanges": {"post"},
    "/kits": {"get", "post"},
    "/kits/{barcode}": {"get", "patch"},
    "/patrons": {"get", "post"},
    "/patrons/{card}": {"get", "patch"},
    "/loans": {"get"},
    "/loans/{loan_id}": {"get"},
    "/availability": {"get"},
    "/workshops/{workshop_id}/attendance": {"get", "post"},
    "/workshops/{workshop_id}/views": {"post"},
    "/cohorts/{code}/workshops": {"get"},
    "/stocktakes": {"get", "post"},
    "/stocktakes/{stocktake_id}": {"get"},
    "/stocktakes/{stocktake_id}/kits": {"post"},
    "/tasks": {"get"},
    "/tasks/{task_id}": {"get"},
    "/tasks/{task_id}/finish": {"post"},
    "/tasks/{task_id}/calls": {"post"},
    "/lines": {"get"},
    "/lines/confirmations": {"post"},
    "/ladders": {"get", "put", "delete"},
    "/policies": {"get", "post", "delete"},
    "/policies/planned": {"delete"},
    "/transfers": {"get", "post"},
    "/webhooks": {"get", "post"},
    "/webhooks/{webhook_id}": {"get", "patch", "delete"},
    "/webhooks/{webhook_id}/deliveries": {"get"},
    "/forecast": {"get"},
    "/inquiries": {"post"},
    "/referrals": {"get", "post"},
    "/referrals/{referral_id}": {"get", "patch"},
    "/hiring_events": {"get", "post"},
    "/hiring_events/{event_id}": {"get", "patch"},
    "/uses": {"get", "post"},
    "/reports/indicators": {"get"},
    "/reports/circulation": {"get"},
    "/reports/months": {"get", "post"},
    "/reports/months/{month}": {"get"},
    "/reports/public_survey": {"get"},
    "/reports/surveys": {"get"},
    "/workshops": {"post"},
    "/workshops/{workshop_id}/registrations": {"get", "post", "patch"},
    "/registrations/{registration_id}": {"delete"},
    "/registrations/{registration_id}/attendance": {"post", "delete"},
    "/cohorts/{code}/captains": {"get", "post"},
    "/cohorts/{code}/captains/{captain}": {"delete"},
    "/stories": {"get", "post"},
    "/stories/{story_id}": {"delete"},
    "/enrolments/{enrolment}/heard": {"post"},
    "/records_requests": {"get", "post"},
    "/records_requests/{request_id}": {"get"},
    "/records_requests/{request_id}/decision": {"post"},
    "/ledger_openings": {"get", "post"},
    "/ledger_openings/{opening_id}/approval": {"post"},
    "/ledger_openings/{opening_id}/closing": {"post"},
    "/reports/ecf_inventory": {"get"},
    "/reports/heard": {"get"},
    "/reports/privacy": {"get"},
    "/patrons/{card}/data": {"get"},
    "/erasures": {"post"},
    "/settings": {"get", "patch"},
    "/staff": {"get", "post"},
    "/staff/{staff_id}": {"get", "patch"},
    "/reservations": {"get", "post"},
    "/reservations/{reservation_id}": {"get", "delete"},
    "/branches": {"get", "post"},
    "/kit_types": {"get", "post"},
    "/programs": {"get", "post"},
    "/cohorts": {"get", "post"},
    "/cohorts/{code}": {"get", "patch"},
    "/closures": {"get", "post"},
    "/cohorts/{code}/enrolments": {"get", "post"},
    "/enrolments/{enrolment}": {"get", "patch"},
}


@pytest.fixture
def whole_app(sqlite_database: Database, tmp_path: Path) -> Flask:
    """The application as it is served, pages and API together."""
    assemble(sqlite_database)
    give_tokens(sqlite_database)
    chosen = load({}, instance=tmp_path, given={"profile": "testing", "secret_key": "k" * 32})
    return create_app(library=Library(sqlite_database, Hands(), None, chosen))


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every method of every path."""
    for path in document["paths"].values():
        yield from ((method, described) for method, described in path.items() if isinstance(described, dict))


def test_every_promised_call_is_there(door: Door) -> None:
    paths = door.app.test_client().get("/api/v1/openapi.json").json["paths"]
    for path, methods in PROMISED.items():
        assert methods <= paths[f"/api/v1{path}"].keys()


def test_every_call_says_what_it_is_and_how_it_fails(door: Door) -> None:
    document = door.app.test_client().get("/api/v1/openapi.json").json
    assert document["openapi"] == "3.1.0"
    for method, described in operations(document):
        assert described["summary"]
        assert described["responses"].keys() >= {"400", "401", "403", "404", "409", "422", "429", "503"}
        keys = [one for one in described.get("parameters", []) if one.get("name") == "Idempotency-Key"]
        assert len(keys) == (0 if method == "get" else 1)


def test_a_schema_takes_no_field_that_it_does_not_name(door: Door) -> None:
    schemas = door.app.test_client().get("/api/v1/openapi.json").json["components"]["schemas"]
    assert schemas["CheckOut"]["additionalProperties"] is False


def test_the_page_for_people_loads_nothing_from_elsewhere_and_runs_nothing(whole_app: Flask) -> None:
    answer = whole_app.test_client().get("/api/docs")
    assert answer.status_code == 200
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|https?://", answer.text)
    assert all(f'id="{reason.value}"' in answer.text for reason in Reason)
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


def test_the_page_for_people_leads_back_and_says_where_a_token_comes_from(whole_app: Flask) -> None:
    page = whole_app.test_client().get("/api/docs").text
    assert 'href="/sign-in"' in page
    assert "<code>lending staff token NAME</code>" in page
    assert ("`" in page, "<code>cursor</code>" in page) == (False, True)


def test_the_request_that_is_shown_can_be_sent(whole_app: Flask) -> None:
    client = whole_app.test_client()
    shown = unescape(
        re.findall(r'<pre id="example"[^>]*><code>(.*?)</code>', client.get("/api/docs").text, re.DOTALL)[0]
    )
    first, *lines = shown.replace("TOKEN", "token-of-ben").splitlines()
    method, path, _ = first.split()
    headers = dict(line.split(": ") for line in lines[:-2])
    assert client.open(path, method=method, headers=headers, data=lines[-1]).status_code == 201


def test_a_signed_in_browser_is_nobody_to_the_api(whole_app: Flask) -> None:
    client = whole_app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = "whoever"
    assert client.get("/api/v1/kits").status_code == 401
    assert client.post("/api/v1/checkouts", json={}).status_code == 401


def test_a_token_needs_no_form_token_and_opens_no_page(whole_app: Flask) -> None:
    headers = {"Authorization": "Bearer token-of-ben", "Idempotency-Key": "k"}
    body = {"patron": "29999000000018", "kit": "KIT-1042", "branch": "ELA"}
    client = whole_app.test_client()
    assert client.post("/api/v1/checkouts", json=body, headers=headers).status_code == 201
    assert client.get("/kits/KIT-1042", headers=headers).status_code in (302, 404)


def test_a_call_without_a_declaration_stops_the_start(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    app = Flask("lending")
    api.register(app)
    app.view_functions["api.forgotten"] = lambda: ""
    with pytest.raises(RuntimeError, match=r"api\.forgotten"):
        api.access.check(app, api.calls.calls)


def test_whatever_is_sent_the_answer_is_one_that_is_described(door: Door) -> None:
    """Schemathesis, a few examples for each call; the long form is the battery's."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", door.app)
    few = settings(
        max_examples=4,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @few
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            nonlocal asked
            asked += 1
            answer = case.call(headers={"Authorization": "Bearer token-of-eli"})
            case.validate_response(answer, checks=checks)

        ask()
    assert asked > 100
