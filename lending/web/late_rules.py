"""Addresses whose builders are made when a page first links there: of five hundred, a worker uses a few dozen.

Werkzeug compiles two functions for every rule as it is added: a tenth of a start, and megabytes of each worker that
nobody needs. Source: BATTERY P9.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

Built = tuple[str, str]


class LateRule(Rule):
    """A rule that is as quick to match as any, and is compiled for building its address at the first use."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., Built]:
        compile_now = super()._compile_builder
        made: Callable[..., Built] | None = None

        def build(rule: Rule, **values: Any) -> Built:
            nonlocal made
            if made is None:
                made = compile_now(append_unknown)
            return made(rule, **values)

        return build
