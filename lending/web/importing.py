"""Reading a file with many rows: small ones while the page waits, large ones beside it, each as a whole or not at all.

Patrons are checked outside of every transaction and written in one; branches, kits and kit types go through their verbs
in one. Nobody's page waits for a large file: it is looked at again until the reading is over.
Source: BATTERY P8; SCREENS, "progress bar"; DEPENDENCIES, "sheets".
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from lending import logs
from lending.circulation.imports import patrons, things
from lending.circulation.imports.matching import matched
from lending.circulation.imports.report import BadFile, Fault, Problem, Report
from lending.circulation.imports.runs import note_imported, note_progress, note_report
from lending.circulation.imports.sheets import Sheet, read_sheet
from lending.domain.actors import Actor
from lending.errors import Block, Reason, Refused
from lending.library import Library
from lending.queries.imports import content_of, run_shown

SMALL = 500
"""Rows that are read while the page waits; more take longer than a person does."""

SHOWN = 200
"""Problems that are shown one by one; nobody mends more before trying again."""

_LOOK_EVERY = 0.5
"""Seconds between two notes of how far the reading is."""


class _OnlyLooked(Exception):
    """Everything was looked at and nothing is to be kept."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


def read_file(library: Library, run: str, *, keep: bool, rows: int, at: datetime, by: Actor) -> None:
    """Check a file, and with ``keep`` import it where nothing is wrong; a large one in a thread of its own."""

    def work() -> None:
        try:
            _read(library, run, keep=keep, at=at, by=by)
        except Exception as error:  # noqa: BLE001 - logged, and told on the page: nobody waits for a thread
            logs.bug(error, run=run)
            library.db.act(lambda session: note_report(session, run=run, report={"rows": 0, "failed": True}))

    if rows <= SMALL:
        work()
    else:
        threading.Thread(target=work, name=f"import-{run}", daemon=True).start()


def as_json(report: Report) -> dict[str, Any]:
    """A report as it is kept."""
    problems = [
        {
            "row": problem.row,
            "column": problem.column,
            "what": problem.what.value if isinstance(problem.what, Fault) else None,
            "reason": None if isinstance(problem.what, Fault) else problem.what.reason.value,
            "detail": dict(problem.detail if isinstance(problem.what, Fault) else problem.what.detail),
        }
        for problem in report.problems[:SHOWN]
    ]
    counts = {"rows": report.rows, "added": report.added, "changed": report.changed, "unchanged": report.unchanged}
    wrong = {"wrong": len({problem.row for problem in report.problems}), "problems": problems}
    found: dict[str, Any] = json.loads(json.dumps(counts | wrong, default=str))
    return found


def problem_of(kept: dict[str, Any]) -> Problem:
    """A problem as it was found."""
    what = Fault(kept["what"]) if kept["what"] else Block(Reason(kept["reason"]), kept["detail"])
    return Problem(kept["row"], kept["column"], what, kept["detail"] if kept["what"] else {})


def _read(library: Library, run: str, *, keep: bool, at: datetime, by: Actor) -> None:
    with library.db.read() as session:
        shown, content = run_shown(session, run), content_of(session, run)
    if shown is None or content is None:
        return
    digest = hashlib.sha256(content).hexdigest()
    try:
        sheet = matched(read_sheet(content), shown.match)
        if shown.kind == "patrons":
            report = _patrons(library, run, sheet, digest, keep=keep, at=at, by=by)
        else:
            report = _things(library, run, shown.kind, sheet, digest, keep=keep, at=at, by=by)
    except BadFile as bad:
        report = Report(0, 0, problems=(bad.problem,))
    except Refused as refused:
        report = Report(shown.rows, 0, problems=tuple(Problem(0, None, block) for block in refused.blocks))
    if report is not None:
        found = as_json(report)
        library.db.act(lambda session: note_report(session, run=run, report=found))


def _patrons(
    library: Library, run: str, sheet: Sheet, digest: str, *, keep: bool, at: datetime, by: Actor
) -> Report | None:
    """Check patrons, and import them where nothing is wrong and it is wanted; ``None`` when that is done."""
    progress = _progress(library, run)
    with library.db.read() as session:
        plan = patrons.plan_patrons(session, sheet, spaces=library.spaces, at=at, progress=progress)
    if not keep or plan.problems:
        return plan.report

    def do(session: Session) -> None:
        report = patrons.write_patrons(session, plan, file=digest, at=at, by=by)
        note_imported(session, run=run, report=report, changed=plan.befores(), at=at, by=by)

    library.db.act(do)
    return None


def _things(
    library: Library, run: str, kind: str, sheet: Sheet, digest: str, *, keep: bool, at: datetime, by: Actor
) -> Report | None:
    """The same for what goes through its verbs; checked in a transaction that is rolled back."""
    given: dict[str, Any] = {"sheet": sheet, "file": digest, "at": at, "by": by}
    work: dict[str, Callable[[Session], Report]] = {
        "branches": lambda session: things.import_branches(session, zone=library.settings.zone, **given),
        "kit-types": lambda session: things.import_kit_types(session, **given),
        "kits": lambda session: things.import_kits(session, spaces=library.spaces, **given),
    }

    def do(session: Session) -> None:
        report = work[kind](session)
        if not keep or report.problems:
            raise _OnlyLooked(report)
        note_imported(session, run=run, report=report, at=at, by=by)

    try:
        library.db.act(do)
    except _OnlyLooked as looked:
        return looked.report
    return None


def _progress(library: Library, run: str) -> Callable[[int, int], None]:
    """Notes now and then how far it is; never inside another transaction, for a file has one writer."""
    noted = [0.0]

    def note(done: int, total: int) -> None:
        if time.monotonic() - noted[0] >= _LOOK_EVERY:
            noted[0] = time.monotonic()
            library.db.act(lambda session: note_progress(session, run=run, done=done, total=total))

    return note
