"""Claims about mobile lines: where a SIM sat from when to when, and what the carrier was asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lending.circulation import lines
from lending.circulation.lines import GivenLine
from lending.domain.states import LineState, LineVerb
from lending.errors import Block, Reason
from lending.models.kits import Kit, KitTypePart, Part
from lending.models.lines import Line, LinePlacement
from lending.models.tasks import Task, TaskKind
from tests.circulation.town import AT, Town

CODE, OTHER = "KIT-00042", "KIT-00043"
NUMBER, ICCID = "+12135550199", "8944501234567890124"
LINE = GivenLine(number=NUMBER, iccid="8944 5012 3456 7890 124", carrier="Cellco", plan="Unlimited", download_mbps=50)
TODAY = date(2026, 5, 4)


def _hotspot(town: Town, code: str = CODE) -> int:
    chosen = select(Part.id).join(Part.kind).join(Part.kit).where(KitTypePart.name == "Hotspot", Kit.barcode == code)
    return int(town.one(chosen))


def _with_line(town: Town, on: date = TODAY - timedelta(days=30)) -> None:
    town.add_kit(CODE)
    town.act(lines.add_line, by=town.ben, line=LINE, kit=CODE, part_id=_hotspot(town), on=on)


def test_a_new_line_is_active_in_its_part_since_its_day(town: Town) -> None:
    _with_line(town)
    line = town.one(select(Line))
    placement = town.one(select(LinePlacement))
    assert (line.number, line.iccid, line.state, line.download_mbps) == (NUMBER, ICCID, LineState.ACTIVE, 50)
    assert (placement.part_id, placement.since, placement.until) == (_hotspot(town), date(2026, 4, 4), None)


def test_everything_wrong_with_a_line_is_told_at_once(town: Town) -> None:
    town.add_kit(CODE)
    wrong = GivenLine(number=" ", iccid="8944501234567890123", carrier="", upload_mbps=-1)
    verb: dict[str, Any] = {"line": wrong, "kit": CODE, "part_id": _hotspot(town), "on": TODAY}
    blocks = town.refused(lines.add_line, by=town.ben, **verb)
    assert [(block.reason, block.detail["field"]) for block in blocks] == [
        (Reason.VALUE_MISSING, "number"),
        (Reason.VALUE_MISSING, "carrier"),
        (Reason.VALUE_WRONG, "iccid"),
        (Reason.VALUE_WRONG, "upload_mbps"),
    ]


@pytest.mark.parametrize(
    ("twin", "field"),
    [(replace(LINE, iccid="8901260123456789011"), "number"), (replace(LINE, number="+12135550100"), "iccid")],
)
def test_a_number_and_a_sim_belong_to_one_line(town: Town, twin: GivenLine, field: str) -> None:
    _with_line(town)
    verb: dict[str, Any] = {"line": twin, "kit": CODE, "part_id": _hotspot(town), "on": TODAY}
    blocks = town.refused(lines.add_line, by=town.ben, **verb)
    assert [(block.reason, block.detail["field"]) for block in blocks] == [(Reason.ALREADY_EXISTS, field)]


def test_a_sim_moves_to_another_kit_on_a_day_and_its_past_is_kept(town: Town) -> None:
    _with_line(town)
    town.add_kit(OTHER)
    verb: dict[str, Any] = {"number": NUMBER, "kit": OTHER, "part_id": _hotspot(town, OTHER)}
    moved = town.act(lines.attach_line, by=town.ben, on=TODAY, **verb)
    assert (moved.part_id, moved.kit) == (_hotspot(town, OTHER), OTHER)
    kept = town.every(select(LinePlacement).order_by(LinePlacement.id))
    assert [(row.part_id, row.since, row.until) for row in kept] == [
        (_hotspot(town), date(2026, 4, 4), TODAY),
        (_hotspot(town, OTHER), TODAY, None),
    ]
    assert len(town.journal("attach_line")) == 2


def test_a_sim_neither_leaves_before_it_came_nor_tomorrow(town: Town) -> None:
    _with_line(town)
    verb: dict[str, Any] = {"number": NUMBER}
    early = town.refused(lines.detach_line, by=town.ben, on=date(2026, 4, 3), **verb)
    assert early == [Block(Reason.DATE_IN_THE_PAST, {"on": date(2026, 4, 3), "earliest": date(2026, 4, 4)})]
    assert town.reasons(lines.detach_line, by=town.ben, on=TODAY + timedelta(days=1), **verb) == [
        Reason.DATE_IN_THE_FUTURE
    ]


def test_a_sim_taken_out_is_in_no_kit(town: Town) -> None:
    _with_line(town)
    town.act(lines.detach_line, by=town.ben, number=NUMBER, on=TODAY)
    assert town.one(select(LinePlacement)).until == TODAY
    assert town.reasons(lines.detach_line, by=town.ben, number=NUMBER, on=TODAY) == [Reason.NOT_FOUND]


def test_a_sim_in_another_branchs_kit_is_not_taken(town: Town) -> None:
    _with_line(town)
    town.add_kit(OTHER, branch_id=town.com, by=town.cleo)
    verb: dict[str, Any] = {"number": NUMBER, "kit": OTHER, "part_id": _hotspot(town, OTHER), "on": TODAY}
    assert town.reasons(lines.attach_line, by=town.cleo, **verb) == [Reason.NOT_PERMITTED]


def test_a_part_holds_one_sim(town: Town) -> None:
    _with_line(town)
    other = replace(LINE, number="+12135550100", iccid="8901260123456789011")
    verb: dict[str, Any] = {"line": other, "kit": CODE, "part_id": _hotspot(town), "on": TODAY}
    assert town.refused(lines.add_line, by=town.ben, **verb) == [
        Block(Reason.ALREADY_EXISTS, {"field": "line", "value": NUMBER})
    ]


def test_an_unknown_line_is_not_found(town: Town) -> None:
    town.add_kit(CODE)
    verb: dict[str, Any] = {"number": "+1", "kit": CODE, "part_id": _hotspot(town), "on": TODAY}
    assert town.reasons(lines.attach_line, by=town.ben, **verb) == [Reason.NOT_FOUND]


def test_what_is_asked_of_the_carrier_is_a_task_until_it_is_done(town: Town) -> None:
    _with_line(town)

    def move(verb: LineVerb) -> list[tuple[TaskKind, str | None]]:
        town.act(lines.move_line, by=town.ben, number=NUMBER, verb=verb)
        return [(task.kind, task.outcome) for task in town.every(select(Task).order_by(Task.id))]

    suspended = (TaskKind.SUSPEND_LINE, "confirm_suspended")
    assert move(LineVerb.ASK_TO_SUSPEND) == [(TaskKind.SUSPEND_LINE, None)]
    assert move(LineVerb.CONFIRM_SUSPENDED) == [suspended]
    assert move(LineVerb.ASK_TO_RESTORE) == [suspended, (TaskKind.RESTORE_LINE, None)]
    assert move(LineVerb.CONFIRM_RESTORED) == [suspended, (TaskKind.RESTORE_LINE, "confirm_restored")]
    assert town.one(select(Line)).state is LineState.ACTIVE


def test_a_move_that_a_line_cannot_make_is_refused(town: Town) -> None:
    _with_line(town)
    verb: dict[str, Any] = {"number": NUMBER, "verb": LineVerb.CONFIRM_RESTORED}
    assert town.refused(lines.move_line, by=town.ben, **verb) == [
        Block(Reason.WRONG_STATE, {"line": NUMBER, "state": "active"})
    ]


def test_an_ended_line_is_put_nowhere(town: Town) -> None:
    _with_line(town)
    town.act(lines.detach_line, by=town.ben, number=NUMBER, on=TODAY)
    ended: dict[str, Any] = {"number": NUMBER, "verb": LineVerb.END}
    assert town.reasons(lines.move_line, by=town.ben, **ended) == [Reason.NOT_PERMITTED]
    town.act(lines.move_line, by=town.ida, **ended)
    verb: dict[str, Any] = {"number": NUMBER, "kit": CODE, "part_id": _hotspot(town), "on": TODAY}
    assert town.reasons(lines.attach_line, by=town.ben, at=AT, **verb) == [Reason.WRONG_STATE]


def test_a_line_that_ended_leaves_its_part_to_another_one(town: Town) -> None:
    _with_line(town)
    town.act(lines.move_line, by=town.ben, number=NUMBER, verb=LineVerb.END)
    other = replace(LINE, number="+12135550100", iccid="8901260123456789011")
    put: dict[str, Any] = {"kit": CODE, "part_id": _hotspot(town), "on": TODAY, "at": AT}
    assert town.act(lines.put_line, by=town.ben, line=other, **put).state is LineState.ACTIVE
    assert [placed.until for placed in town.every(select(LinePlacement).order_by(LinePlacement.id))] == [TODAY, None]


def test_a_line_that_the_library_has_is_put_in_by_its_number(town: Town) -> None:
    _with_line(town)
    town.act(lines.detach_line, by=town.ben, number=NUMBER, on=TODAY)
    put: dict[str, Any] = {"kit": CODE, "part_id": _hotspot(town), "on": TODAY, "at": AT}
    known = GivenLine(number=f" {NUMBER} ", iccid="", carrier="")
    assert town.act(lines.put_line, by=town.ben, line=known, **put).kit == CODE
    assert len(town.every(select(Line))) == 1


def _ended(town: Town) -> dict[str, Any]:
    """A line that ended in its part; where it may be put in again."""
    _with_line(town)
    town.act(lines.move_line, by=town.ben, number=NUMBER, verb=LineVerb.END)
    return {"kit": CODE, "part_id": _hotspot(town), "on": TODAY}


def test_a_line_that_ended_works_again_with_the_sim_it_had(town: Town) -> None:
    put = _ended(town)
    woken = town.act(lines.put_line, by=town.ben, line=GivenLine(number=NUMBER, iccid="", carrier=""), **put)
    assert (woken.state, woken.kit) == (LineState.ACTIVE, CODE)
    line = town.one(select(Line))
    assert (line.iccid, line.carrier, line.plan, line.download_mbps) == (ICCID, "Cellco", "Unlimited", 50)
    placed = town.every(select(LinePlacement).order_by(LinePlacement.id))
    assert [(row.since, row.until) for row in placed] == [(date(2026, 4, 4), TODAY), (TODAY, None)]
    assert [entry.detail["iccid_from"] for entry in town.journal("reactivate")] == [ICCID]


def test_a_number_that_its_carrier_gave_to_another_sim_keeps_its_past(town: Town) -> None:
    put = _ended(town)
    other = GivenLine(number=NUMBER, iccid="8901 2601 2345 6789 011", carrier="Othertel", plan="5 GB", data_cap_gb=5)
    town.act(lines.put_line, by=town.ben, line=other, **put)
    line = town.one(select(Line))
    assert (line.iccid, line.carrier, line.plan, line.data_cap_gb) == ("8901260123456789011", "Othertel", "5 GB", 5)
    assert [entry.detail["iccid_from"] for entry in town.journal("reactivate")] == [ICCID]
    assert len(town.every(select(LinePlacement))) == 2


def test_a_line_wakes_in_another_kit_and_leaves_the_one_it_ended_in(town: Town) -> None:
    _ended(town)
    town.add_kit(OTHER)
    put: dict[str, Any] = {"kit": OTHER, "part_id": _hotspot(town, OTHER), "on": TODAY}
    assert town.act(lines.put_line, by=town.ben, line=replace(LINE, iccid=""), **put).kit == OTHER
    assert [entry.kit_id for entry in town.journal("reactivate")] == town.every(select(Kit.id).order_by(Kit.id))


def test_a_line_does_not_wake_with_the_sim_of_another_line(town: Town) -> None:
    put = _ended(town)
    town.add_kit(OTHER)
    second = replace(LINE, number="+12135550100", iccid="8901260123456789011")
    town.act(lines.add_line, by=town.ben, line=second, kit=OTHER, part_id=_hotspot(town, OTHER), on=TODAY)
    for iccid, why in ((second.iccid, Reason.ALREADY_EXISTS), ("123", Reason.VALUE_WRONG)):
        assert town.reasons(lines.put_line, by=town.ben, line=replace(LINE, iccid=iccid), **put) == [why]
    assert town.one(select(Line).where(Line.number == NUMBER)).state is LineState.ENDED


def test_only_a_line_that_ended_is_woken(town: Town) -> None:
    _with_line(town)
    put: dict[str, Any] = {"kit": CODE, "part_id": _hotspot(town), "on": TODAY}
    assert town.reasons(lines.wake_line, by=town.ben, line=LINE, **put) == [Reason.WRONG_STATE]
    assert town.reasons(lines.wake_line, by=town.ben, line=replace(LINE, number="+1"), **put) == [Reason.NOT_FOUND]
