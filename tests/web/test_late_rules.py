"""Addresses are compiled for building when somebody first links there, and are the same as ever."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.routing import Map, Rule

from lending.web.late_rules import LateRule

MADE = [
    ("/kits/<barcode>", {"barcode": "KIT 1042/ñ", "page": 2}),
    ("/reports/<any(csv,xlsx):form>", {"form": "csv"}),
    ("/days/<int:n>", {"n": 7, "after": "a&b"}),
    ("/", {}),
]


def address(rule: type[Rule], path: str, values: dict[str, Any], *, unknown: bool) -> str:
    adapter = Map([rule(path, endpoint="it")]).bind("localhost", "/")
    return adapter.build("it", dict(values), append_unknown=unknown)


@pytest.mark.parametrize("unknown", [True, False])
@pytest.mark.parametrize(("path", "values"), MADE, ids=[path for path, _ in MADE])
def test_an_address_is_what_it_would_be_at_once(path: str, values: dict[str, Any], unknown: bool) -> None:
    assert address(LateRule, path, values, unknown=unknown) == address(Rule, path, values, unknown=unknown)


def test_nothing_is_compiled_until_somebody_links_there_and_then_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[bool] = []
    at_once = Rule._compile_builder

    def compile_builder(self: Rule, append_unknown: bool = True) -> Any:
        compiled.append(append_unknown)
        return at_once(self, append_unknown)

    monkeypatch.setattr(Rule, "_compile_builder", compile_builder)
    adapter = Map([LateRule("/kits/<barcode>", endpoint="kit")]).bind("localhost", "/")
    assert adapter.match("/kits/7") == ("kit", {"barcode": "7"})
    assert compiled == []
    assert [adapter.build("kit", {"barcode": str(n)}) for n in range(3)] == ["/kits/0", "/kits/1", "/kits/2"]
    assert len(compiled) == 1
