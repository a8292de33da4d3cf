"""The names that people read where rows and addresses have codes: libraries, kinds of kits.

Source: SCREENS, "Words": plain words for people, codes for programs and labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import g

from lending.queries import branches as places
from lending.web import current


@dataclass(frozen=True, slots=True)
class Names:
    """The names of branches and of kit types, by their codes."""

    branches: Mapping[str, str]
    kit_types: Mapping[str, str]

    def branch(self, code: str | None) -> str:
        """The library's name; empty where there is none."""
        return self.branches.get(code, code) if code else ""

    def kit_type(self, code: str) -> str:
        """What the kind of kit is called."""
        return self.kit_types.get(code, code)

    def kits_of(self, text: str) -> str:
        """``Compton Library, Work Ready kit: 3`` of the ``Compton Library, work-ready: 3`` of a plan's change."""
        which, colon, kits = text.rpartition(": ")
        branch, comma, kit_type = which.rpartition(", ")
        return f"{branch}{comma}{self.kit_type(kit_type)}{colon}{kits}"


def names() -> Names:
    """Every library's and every kind's name, read once for a request."""
    if "names" not in g:
        with current.library().db.read() as session:
            g.names = Names(
                branches={place.code: place.name for place in places.branches(session)},
                kit_types={kind.code: kind.name for kind in places.kit_types(session)},
            )
    found: Names = g.names
    return found
