"""What every answer carries: a strict policy, no keeping, a request id, a calm page for every failure."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import TimeoutError as PoolTimeout

from lending import settings
from lending.app import create_app
from lending.circulation import jobs
from lending.db import CommitUnknown, Database
from lending.errors import Reason, Refused
from lending.library import Library
from tests.cast import ADA, KIT
from tests.web.browsers import Browser


def test_the_policy_runs_nothing_but_the_librarys_own_files(ben: Browser) -> None:
    headers = ben.get("/desk").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "page", ["/desk", "/returns", "/inspection", "/search", "/kits", "/patrons", "/station", "/help"]
)
def test_a_page_has_no_script_style_or_handler_of_its_own_and_loads_nothing_from_elsewhere(
    ben: Browser, page: str
) -> None:
    text = ben.get(page).get_data(as_text=True)
    assert " style=" not in text
    assert " onclick=" not in text
    assert "<style" not in text
    assert "<script>" not in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text


def test_what_a_signed_in_person_saw_is_not_kept(ben: Browser) -> None:
    assert ben.get("/desk").headers["Cache-Control"] == "no-store"
    with ben.get("/static/css/lending.css") as file:
        assert "no-store" not in file.headers["Cache-Control"]


def test_the_page_that_says_there_is_no_such_file_is_not_kept(ben: Browser) -> None:
    page = ben.get("/static/css/nothing.css")
    assert (page.status_code, "Ben" in page.text) == (404, True), "a page of the person who is signed in"
    assert page.headers["Cache-Control"] == "no-store"


def test_an_unknown_host_is_refused(app: Flask) -> None:
    assert app.test_client().get("/healthz", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/kits/KIT-999999", 404), ("/slips/loans/x", 404)])
def test_what_is_not_there_gets_a_calm_page(ben: Browser, path: str, status: int) -> None:
    answer = ben.get(path)
    assert answer.status_code == status
    assert "There is nothing here" in answer.get_data(as_text=True)


def test_a_method_that_is_not_allowed_says_which_are(ben: Browser) -> None:
    answer = ben.get("/sign-out")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_an_upload_of_20_megabytes_is_refused(ben: Browser) -> None:
    answer = ben.client.post("/sign-in", data={"csrf_token": ben.token, "username": "x" * 20_000_000})
    assert answer.status_code == 413
    assert "too big" in answer.get_data(as_text=True)


@pytest.mark.parametrize("body", ["[" * 15_000, '{"code":' * 1_900, "[", "NaN", b"\xff", ""])
def test_a_scan_that_is_no_json_is_refused_calmly(ben: Browser, body: str | bytes) -> None:
    headers = {"X-CSRFToken": ben.token, "Content-Type": "application/json"}
    assert ben.client.post("/desk/scans", data=body, headers=headers).status_code in (400, 422)


def test_a_scan_is_small(ben: Browser) -> None:
    assert ben.scan("x" * 100_000).status_code == 413


@pytest.mark.parametrize("failure", [Refused.because(Reason.BUSY), CommitUnknown("gone"), PoolTimeout()])
def test_a_busy_library_asks_to_send_the_same_scan_again(
    ben: Browser, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    token = ben.token

    def fails(*_: Any) -> Any:
        raise failure

    monkeypatch.setattr(Database, "act", fails)
    body = {"code": KIT, "key": "k" * 16, "screen": "desk", "station": "", "patron": ADA}
    answer = ben.client.post("/desk/scans", json=body, headers={"X-CSRFToken": token})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "say" not in answer.json


@pytest.mark.parametrize(
    ("method", "address", "failing"),
    [
        ("GET", "/sign-in?next=/search?q=Morales", "lending.web.account.render_template"),
        ("GET", "/api/docs?q=Morales", "lending.api.docs.render_template"),
        ("POST", "/hooks/texts", "lending.web.hooks.is_signed"),
    ],
)
def test_a_bug_is_logged_with_its_number_and_without_what_was_sent(
    app: Flask,
    tmp_path: Any,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: Any,
    method: str,
    address: str,
    failing: str,
) -> None:
    library: Library = app.extensions["lending"]
    given = {"profile": "development", "secret_key": "k" * 40, "text_secret": "s" * 40}
    chosen = settings.load({}, instance=tmp_path, given=given)
    shown = create_app(library=Library(library.db, library.clock, None, chosen))

    def fails(*_: Any, **__: Any) -> Any:
        raise RuntimeError("Ada Morales 29999000000018")

    monkeypatch.setattr(failing, fails)
    answer = shown.test_client().open(address, method=method, data=b"{}" if method == "POST" else None)
    assert answer.status_code == 500
    assert not caplog.records, "the framework logs what a failure says"
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    bug = next(line for line in lines if line["event"] == "bug")
    assert bug["request_id"] in answer.get_data(as_text=True)
    assert "Morales" not in json.dumps(lines)
    assert "29999000000018" not in json.dumps(lines)


def test_the_log_holds_rules_and_never_codes_or_names(ben: Browser, capsys: pytest.CaptureFixture[str]) -> None:
    ben.scan(ADA)
    ben.get(f"/kits/{KIT}?q=Morales")
    out = capsys.readouterr().out
    assert "/kits/<barcode>" in out
    assert KIT not in out
    assert ADA not in out
    assert "Morales" not in out


def test_methods_that_nobody_knows_are_counted_and_logged_as_one(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each of them would be a row in the numbers for ever, and may be made of anything."""
    for number in range(3):
        assert app.test_client().open("/nowhere", method=f"{ADA}{number}").status_code == 404
    assert ADA not in capsys.readouterr().out
    text = app.test_client().get("/metrics").get_data(as_text=True)
    assert ADA not in text
    assert 'method="other",rule="none",status="404"' in text


def test_the_process_lives_and_is_ready_when_somebody_runs_the_jobs(app: Flask) -> None:
    client, library = app.test_client(), app.extensions["lending"]
    assert client.get("/healthz").json == {"status": "ok"}
    assert (client.get("/readyz").status_code, client.get("/readyz").json) == (503, {"status": "jobs are silent"})
    now = library.clock.now()
    library.db.act(lambda session: jobs.lead(session, "somebody", at=now))
    assert client.get("/readyz").json == {"status": "ready"}
    library.db.act(lambda session: jobs.begin_run(session, "overdue", at=now - timedelta(hours=2)))
    assert client.get("/readyz").json == {"status": "jobs are late", "late": ["overdue"]}


def test_a_library_without_its_tables_is_not_ready(app: Flask, tmp_path: Any) -> None:
    library: Library = app.extensions["lending"]
    bare = Database.from_url(f"sqlite:///{tmp_path / 'bare.db'}")
    try:
        answer = create_app(library=Library(bare, library.clock, None, library.settings)).test_client().get("/readyz")
        assert answer.status_code == 503
    finally:
        bare.close()


def test_the_numbers_are_for_allowed_addresses(app: Flask) -> None:
    client = app.test_client()
    client.get("/healthz")
    text = client.get("/metrics").get_data(as_text=True)
    assert 'lending_http_answers_total{method="GET",rule="/healthz",status="200"}' in text
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 404


PROXIED = (
    {"headers": {"X-Forwarded-For": "203.0.113.9"}},
    {"headers": {"Forwarded": "for=203.0.113.9"}},
    {"headers": {"X-Real-IP": "203.0.113.9"}},
    {"headers": {"Via": "1.1 proxy"}},
    {"base_url": "http://kits.library.example"},
)


@pytest.mark.parametrize("asked", PROXIED, ids=str)
@pytest.mark.parametrize("hops", [0, 2])
def test_a_proxy_that_the_settings_do_not_count_lets_nobody_read_them(
    app: Flask, tmp_path: Any, asked: dict[str, Any], hops: int
) -> None:
    """It asks from this machine, which is allowed, for whoever asked it."""
    client = behind(app, tmp_path, hops).test_client()
    assert client.get("/metrics", **asked).status_code == 404
    assert client.get("/metrics").status_code == 200, "a monitor on this machine"


def test_a_monitor_behind_the_proxy_is_known_by_its_own_address(app: Flask, tmp_path: Any) -> None:
    client = behind(app, tmp_path, 1).test_client()
    for asking, status in (("192.0.2.7", 200), ("203.0.113.9", 404), ("127.0.0.1", 404)):
        assert client.get("/metrics", headers={"X-Forwarded-For": asking}).status_code == status, asking


def test_which_jobs_are_late_is_told_to_monitors_alone(app: Flask) -> None:
    client, library = app.test_client(), app.extensions["lending"]
    now = library.clock.now()
    library.db.act(lambda session: jobs.lead(session, "somebody", at=now))
    library.db.act(lambda session: jobs.begin_run(session, "overdue", at=now - timedelta(hours=2)))
    answer = client.get("/readyz", headers={"X-Forwarded-For": "203.0.113.9"})
    assert (answer.status_code, answer.json) == (503, {"status": "jobs are late"})


def behind(app: Flask, instance: Any, hops: int) -> Flask:
    """The same library as its settings have it behind so many proxies."""
    library: Library = app.extensions["lending"]
    given = {"profile": "testing", "secret_key": "k" * 40, "proxy_hops": hops}
    given |= {"metrics_from": "127.0.0.1, 192.0.2.7", "trusted_hosts": "localhost, kits.library.example"}
    chosen = settings.load({}, instance=instance, given=given)
    return create_app(library=Library(library.db, library.clock, None, chosen))


def test_https_only_cookies_are_marked_and_bound_to_the_host(app: Flask, tmp_path: Any) -> None:
    library: Library = app.extensions["lending"]
    given = {"profile": "testing", "secret_key": "k" * 40, "secure_cookies": True}
    chosen = settings.load({}, instance=tmp_path, given=given)
    secure = create_app(library=Library(library.db, library.clock, None, chosen))
    answer = secure.test_client().get("/sign-in", base_url="https://localhost")
    assert answer.headers["Set-Cookie"].startswith("__Host-lending=")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]
