"""Nothing in the project names the machine it was written on, or a place on the network it would depend on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.guards.tree import files, found, text

URL = re.compile(r"\bhttps?://(?:[^\s/@\"'<>`]*@)?(\[[0-9a-fA-F:.]+\]|[\w.-]+)")
# Written so that this file does not name them itself.
REGISTRY = re.compile(r"py[p]i\.org|python[h]osted\.org|npm[j]s\.(?:org|com)|proxy\.go[l]ang\.org|cdn\.js[d]elivr\.net")
MACHINE = re.compile(r"(?<![\w.*}~-])/(?:work|tmp|root)/|(?<![\w.*}~-])/(?:home|Users)/\w|\b[A-Z]:\\Users\\")
RESERVED = re.compile(r"(?:^|\.)(?:example(?:\.(?:org|com|net|edu))?|test|invalid|localhost)$")
LOCAL = re.compile(r"127\.\d+\.\d+\.\d+|\[::1?\]|0\.0\.0\.0")
NAMED = {
    "www.apache.org": "the licence's own text",
    "keepachangelog.com": "the form of CHANGELOG.md",
    "semver.org": "the form of the version",
    "www.w3.org": "names of XML namespaces, never fetched",
    "www.rfc-editor.org": "a standard that a document cites",
}
HOLDS_HOSTILE_INPUT = {
    Path("tests/guards/test_strangers.py"),
    Path("tests/domain/test_addresses.py"),
    Path("tests/mail/test_outward.py"),
}


def _hosts(source: str) -> set[str]:
    """The hosts in web addresses that are neither reserved for examples, nor this machine's, nor named above."""
    found = {host.lower() for host in URL.findall(source)}
    return {host for host in found if host not in NAMED and not RESERVED.search(host) and not LOCAL.fullmatch(host)}


def _readable() -> list[Path]:
    kept = []
    for path in files():
        try:
            text(path)
        except UnicodeDecodeError:
            continue  # a picture or a sheet
        if path not in HOLDS_HOSTILE_INPUT:
            kept.append(path)
    return kept


def test_no_file_names_a_foreign_host() -> None:
    breaches = found(_hosts, _readable())
    assert not breaches, (
        f"{breaches}: a desk must work when that host is gone, and nothing of a page is loaded from elsewhere. "
        "An address that is only cited goes into NAMED, with the reason."
    )


def test_no_file_names_a_package_registry() -> None:
    breaches = found(REGISTRY.findall, _readable())
    assert not breaches, f"{breaches}: whoever installs this may use a mirror; the tools' own settings say which."


def test_no_file_holds_a_path_of_one_machine() -> None:
    breaches = found(MACHINE.findall, _readable())
    assert not breaches, f"{breaches}: a path of one machine points nowhere on the next."


@pytest.mark.parametrize(
    "source",
    ["https://cdn.tailwindcss.com/x.js", "see http://10.1.2.3:8000/", "https://user:pass@code.forge.io/a.git"],
)
def test_a_foreign_host_would_be_seen(source: str) -> None:
    assert _hosts(source)


@pytest.mark.parametrize(
    "source", ["https://evil.example/x", "http://127.0.0.1:8000/", "http://[::1]:8000", "http://localhost:1"]
)
def test_an_example_or_this_machine_is_no_foreign_host(source: str) -> None:
    assert not _hosts(source)


@pytest.mark.parametrize("source", ["open('/tmp/a')", "cd /home/ada/lending", r"C:\Users\ada", "/root/.cache"])
def test_a_path_of_one_machine_would_be_seen(source: str) -> None:
    assert MACHINE.search(source)


def test_a_registry_would_be_seen() -> None:
    assert REGISTRY.search("https://files." + "python" + "hosted.org/packages/")
