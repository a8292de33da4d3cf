"""Logs are lines of JSON, from the level that is asked for, and a bug says where it was and not what it said."""

from __future__ import annotations

import json

import pytest

from lending import logs


@pytest.fixture(autouse=True)
def from_info(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_least", logs.logging.INFO)


def test_each_thing_is_a_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    logs.info("jobs lead", holder="vm:7")
    logs.warning("no heartbeat", problem="OperationalError")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        {"holder": "vm:7", "event": "jobs lead", "level": "info"},
        {"problem": "OperationalError", "event": "no heartbeat", "level": "warning"},
    ]


def test_what_is_below_the_level_is_not_written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    logs.configure("ERROR")
    logs.warning("no heartbeat")
    logs.error("jobs are late")
    assert [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()] == ["jobs are late"]


def test_a_bug_says_where_it_was_and_not_what_it_said(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise KeyError("Morales 29999000000018")
    except KeyError as error:
        logs.bug(error, request_id="abc")
    written = capsys.readouterr().out
    line = json.loads(written)
    assert (line["event"], line["kind"], line["request_id"]) == ("bug", "KeyError", "abc")
    assert line["where"][-1].endswith("test_a_bug_says_where_it_was_and_not_what_it_said")
    assert "Morales" not in written


def test_whatever_is_no_json_is_written_as_it_shows_itself(capsys: pytest.CaptureFixture[str]) -> None:
    logs.info("request", channel={1})
    assert json.loads(capsys.readouterr().out)["channel"] == "{1}"
