"""Every failure has one shape, says when to come back, and leaves nothing about a patron in the log."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from lending.db import CommitUnknown, Database
from lending.errors import Reason, Refused
from tests.api.conftest import Door
from tests.cast import ADA, KIT, LUIS

OUT = {"patron": ADA, "kit": KIT, "branch": "ELA"}


def raw(door: Door, data: bytes, content_type: str | None = "application/json", address: str = "/checkouts") -> Any:
    """A body as it is."""
    headers = {"Authorization": "Bearer token-of-ben", "Idempotency-Key": "k"}
    return door.app.test_client().post(f"/api/v1{address}", data=data, content_type=content_type, headers=headers)


def shape(answer: Any, status: int) -> dict[str, Any]:
    """The problem, in its shape."""
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    body: dict[str, Any] = answer.json
    assert (
        {"type", "title", "status", "detail", "blocks"}
        <= body.keys()
        <= {
            "type",
            "title",
            "status",
            "detail",
            "blocks",
            "errors",
        }
    )
    assert body["status"] == status
    assert all(set(block) == {"reason", "detail", "overridable"} for block in body["blocks"])
    return body


def test_a_refusal_gives_every_reason_at_once(door: Door) -> None:
    door.ben.post("/checkouts", {"patron": LUIS, "kit": "KIT-2001", "branch": "ELA"})
    body = shape(door.ben.post("/checkouts", {"patron": LUIS, "kit": "KIT-1060", "branch": "ELA"}), 409)
    assert {block["reason"] for block in body["blocks"]} >= {"at_another_branch", "limit_reached", "not_in_cohort"}
    assert all(block["detail"] in body["detail"] for block in body["blocks"])


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b'{"kit": NaN}', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"9" * 10_000, "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"kit=KIT-1042", "application/x-www-form-urlencoded", 415),
        (b"{}", None, 415),
        (b'"' + b"x" * 1_100_000 + b'"', "application/json", 413),
        (b"[]", "application/json", 422),
        (b"null", "application/json", 422),
        (b'{"patron": 1, "kit": [], "branch": {}}', "application/json", 422),
        (b'{"patron": "a\\u0000b", "kit": "\\ud800", "branch": "ELA"}', "application/json", 422),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(door: Door, data: bytes, content_type: str | None, status: int) -> None:
    shape(raw(door, data, content_type), status)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("received_at", "2026-03-03T10:00:00"),
        ("received_at", "yesterday"),
        ("received_at", "0001-01-01T00:00:00+14:00"),
        ("received_at", "9999-12-31T23:59:59-14:00"),
        ("book_drop", "yes"),
        ("book_drop", 1),
        ("kit", ""),
        ("kit", "K" * 65),
    ],
)
def test_a_value_that_does_not_fit_is_named(door: Door, field: str, value: Any) -> None:
    body = shape(door.ben.post("/returns", {"kit": KIT, "branch": "ELA", field: value}), 422)
    assert list(body["errors"]) == [field]


def test_an_address_or_a_method_that_no_call_has_is_answered_in_the_same_shape(door: Door) -> None:
    shape(door.ben.get("/nothing"), 404)
    answer = door.ben.send("DELETE", "/checkouts")
    shape(answer, 405)
    assert answer.headers["Allow"] == "OPTIONS, POST"


@pytest.mark.parametrize(
    "address",
    ["/loans/%00", "/kits/%00", "/kits/%ED%A0%80", "/patrons/%00", "/loans/" + "x" * 5000, "/kits/%F0%9F%93%A6"],
)
def test_an_address_that_names_nothing_is_not_found(both: Door, address: str) -> None:
    answer = both.ben.get(address)
    assert answer.status_code in (404, 422)
    shape(answer, answer.status_code)


def test_a_charge_that_cannot_be_is_not_found(both: Door) -> None:
    shape(both.ben.post("/charges/%00/payment"), 404)


@pytest.mark.parametrize(
    "failure",
    [
        Refused.because(Reason.BUSY),
        CommitUnknown("lost"),
        OperationalError("SELECT 1", {}, Exception("database or disk is full")),
    ],
    ids=["busy", "commit unknown", "disk full"],
)
def test_a_busy_database_says_when_to_come_back(
    door: Door, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fail(self: Database, fn: Any) -> Any:
        raise failure

    monkeypatch.setattr(Database, "act", fail)
    answer = door.ben.post("/checkouts", OUT)
    shape(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0


def test_too_many_tries_say_when_to_come_back(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(self: Database, fn: Any) -> Any:
        raise Refused.because(Reason.SIGN_IN_LOCKED)

    monkeypatch.setattr(Database, "act", locked)
    answer = door.ben.post("/checkouts", OUT)
    shape(answer, 429)
    assert answer.headers["Retry-After"] == "900"


def test_a_bug_is_logged_by_its_place_and_never_by_what_was_sent(
    door: Door, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def bug(self: Database, fn: Any) -> Any:
        raise KeyError(f"Morales {ADA}")

    monkeypatch.setattr(Database, "act", bug)
    door.app.testing = False
    answer = door.ben.post("/checkouts", OUT)
    shape(answer, 500)
    logged = capsys.readouterr().out
    bugs = [line for line in map(json.loads, logged.splitlines()) if line["event"] == "bug"]
    assert [bug["kind"] for bug in bugs] == ["KeyError"]
    told = answer.text + logged
    assert not any(secret in told for secret in (ADA, KIT))
