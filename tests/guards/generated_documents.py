"""Documents that are written by the tables they describe: `make docs` rewrites them, a test compares them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from lending.domain import states
from lending.domain.permissions import GRANTS, OVERRIDES, Role, may, may_override
from tests.guards.tree import ROOT

Moves = Mapping[Any, StrEnum]
"""By state and verb; a mapping's keys are invariant, so their own types cannot be told."""

MACHINES: Mapping[str, tuple[Moves, type[StrEnum]]] = {
    "Kit": (states.KIT_MOVES, states.KitState),
    "Loan": (states.LOAN_MOVES, states.LoanState),
    "Reservation": (states.RESERVATION_MOVES, states.ReservationState),
    "Enrolment": (states.ENROLMENT_MOVES, states.EnrolmentState),
    "Line": (states.LINE_MOVES, states.LineState),
    "Charge": (states.CHARGE_MOVES, states.ChargeState),
}


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]


def _first_sentence(of: type) -> str:
    return (of.__doc__ or "").strip().splitlines()[0]


def _diagram(moves: Moves) -> list[str]:
    """A Mermaid diagram of the moves; one arrow bears every verb that leads the same way. An undo is left out."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, verb), to in moves.items():
        if not verb.value.startswith("undo"):
            arrows.setdefault((state.value, to.value), []).append(verb.value)
    lines = [f"    {state} --> {to}: {', '.join(verbs)}" for (state, to), verbs in arrows.items()]
    return ["```mermaid", "stateDiagram-v2", *lines, "```"]


def states_document() -> str:
    """Every state machine: what each verb does in each state."""
    lines = [
        "# States",
        "",
        "Written by `make docs` from `lending/domain/states.py`; a test keeps the two alike. A verb without a row for",
        "a state is refused there. The diagrams leave out what an undo takes back.",
    ]
    for name, (moves, of) in MACHINES.items():
        final = [f"`{state.value}`" for state in of if state not in {start for start, _ in moves}]
        lines += ["", f"## {name}", "", _first_sentence(of), ""]
        lines += [f"Final: {', '.join(final)}." if final else "No state is final.", "", *_diagram(moves), ""]
        rows = [[f"`{state.value}`", verb.value, f"`{to.value}`"] for (state, verb), to in moves.items()]
        lines += _table(("In state", "verb", "leads to"), rows)
    return "\n".join(lines) + "\n"


def permissions_document() -> str:
    """Who may do what and where, and who may set aside which refusal."""
    lines = [
        "# Permissions",
        "",
        "Written by `make docs` from `lending/domain/permissions.py`; a test keeps the two alike. What has no mark is",
        "refused. A branch scope means the branches of the account: an account without a branch has none, never all.",
        "The system is a sweep or the command line on the server; it acts and never overrides.",
        "",
        "## Acts",
        "",
    ]

    def marks(allowed: Iterable[bool]) -> list[str]:
        return ["yes" if each else "" for each in allowed]

    roles = [role.value for role in Role]
    acts = [
        [f"`{act.value}`", *marks(may(role, act) for role in Role), scope.value.replace("_", " ")]
        for act, (_, scope) in GRANTS.items()
    ]
    lines += _table(("Act", *roles, "where"), acts)
    overrides = [
        [f"`{reason.value}`", *marks(may_override(role, reason) for role in Role), f"`{act.value}`"]
        for reason, act in OVERRIDES.items()
    ]
    lines += [
        "",
        "## Overrides",
        "",
        "Always with a note, which the journal keeps. No other reason is ever set aside.",
        "",
    ]
    lines += _table(("Reason", *roles, "by the act"), overrides)
    return "\n".join(lines) + "\n"


DOCUMENTS = {"docs/states.md": states_document, "docs/permissions.md": permissions_document}


def main() -> None:
    """Write every generated document anew."""
    for path, document in DOCUMENTS.items():
        (ROOT / path).write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
