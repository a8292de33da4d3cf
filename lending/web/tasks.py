"""The tasks page: one place for what needs a person, by library, kind and age, each closed by the act that does it.

Source: RULES 6; the issue's "Tasks".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from lending.circulation.calls import PHONE
from lending.circulation.privacy_requests import ERASURE
from lending.circulation.problems import MISSING
from lending.circulation.tasks import CLOSE_THEMSELVES, finish_task
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.base import new_public_id
from lending.models.tasks import TaskKind
from lending.queries import branches as places
from lending.queries import tasks as queries
from lending.queries.tasks import TaskShown
from lending.web import current
from lending.web.access import allow
from lending.web.forms import KeyedForm
from lending.web.posting import posted, status

bp = Blueprint("tasks", __name__)

KINDS: Mapping[TaskKind, Any] = {
    TaskKind.CALL: lazy_gettext("Telephone"),
    TaskKind.BOUNCE: lazy_gettext("Find the right address"),
    TaskKind.SUSPEND_LINE: lazy_gettext("Suspend a line"),
    TaskKind.RESTORE_LINE: lazy_gettext("Restore a line"),
    TaskKind.PROBLEM: lazy_gettext("Help with a kit"),
    TaskKind.CLAIM: lazy_gettext("Look for a kit"),
    TaskKind.REORDER_PART: lazy_gettext("Order a part"),
    TaskKind.REPAIR: lazy_gettext("Repair"),
    TaskKind.REFUND: lazy_gettext("Hand money back"),
    TaskKind.PRIVACY_REQUEST: lazy_gettext("Answer a privacy request"),
}
"""What is to be done, in the order in which it hurts to wait."""


class FinishForm(KeyedForm):
    """What came of a task."""

    outcome = StringField(
        lazy_gettext("What was done?"),
        description=lazy_gettext("It is kept with your name."),
        validators=[InputRequired(lazy_gettext("Fill this in.")), Length(max=240)],
    )


@bp.get("/tasks")
@allow(Act.CIRCULATE)
def index() -> ResponseReturnValue:
    """What waits at the person's branches, the oldest first."""
    own, at = current.branch_ids(), current.now()
    chosen: dict[str, Any] = {name: request.args[name][:32] for name in ("kind", "branch") if request.args.get(name)}
    kind = TaskKind(chosen["kind"]) if chosen.get("kind") in set(TaskKind) else None
    with current.library().db.read() as session:
        here = places.branches(session, own)
        counts = queries.open_tasks(session.connection(), branch_ids=own, at=at)
        found, more = queries.tasks(
            session,
            branch_ids=own,
            branch=chosen.get("branch"),
            kind=kind,
            after=request.args.get("after", "")[:32] or None,
        )
    return render_template(
        "tasks/list.html",
        tasks=[_line(task) for task in found],
        kinds=[(each.value, words, counts.get(each, 0)) for each, words in KINDS.items()],
        chosen={"kind": chosen.get("kind", ""), "branch": chosen.get("branch", "")},
        branches=[(place.code, place.name) for place in here],
        next_url=url_for("tasks.index", **chosen, after=more) if more else None,
        key=new_public_id(),
    )


@bp.route("/tasks/<public_id>/finish", methods=["GET", "POST"])
@allow(Act.CIRCULATE)
def finish(public_id: str) -> ResponseReturnValue:
    """Close a task by hand, saying what was done."""
    form = FinishForm()
    with current.library().db.read() as session:
        task = queries.task(session, public_id, branch_ids=current.branch_ids())
    if task.kind in CLOSE_THEMSELVES:
        raise Refused.because(Reason.NOT_FOUND)
    if posted(
        form,
        lambda session, at, by: finish_task(session, task=public_id, outcome=form.outcome.data, at=at, by=by),
    ):
        flash(_("Done."), "done")
        return redirect(url_for("tasks.index"), 303)
    page = render_template("tasks/finish.html", form=form, task=_line(task))
    return page, status(form)


def waiting() -> int:
    """How many tasks wait for whoever is signed in, for the navigation; 0 for those whom they do not concern."""
    if not current.may_anywhere(Act.CIRCULATE):
        return 0
    with current.library().db.look() as connection:
        return sum(queries.open_tasks(connection, branch_ids=current.branch_ids(), at=current.now()).values())


def _line(task: TaskShown) -> dict[str, Any]:
    """A task as the list shows it, with what does its work."""
    reader, at = current.reader(), current.now()
    return {
        "kind": KINDS[task.kind],
        "what": _what(task),
        "kit": task.kit,
        "kit_url": url_for("kits.show", barcode=task.kit) if task.kit else None,
        "patron": task.patron_short_name,
        "patron_url": url_for("patrons.show", public_id=task.patron) if task.patron else None,
        "branch": task.branch_name,
        "since": reader.day(task.opened_at),
        "days": (at - task.opened_at).days,
        "again": reader.moment(task.due_at) if task.due_at is not None and task.due_at > at else None,
        "tries": task.tries,
        "actions": _actions(task),
    }


def _what(task: TaskShown) -> str:
    """What a task is about; the words of a patron as they wrote them."""
    if task.what == PHONE:
        return str(_("telephone number"))
    if task.kind is TaskKind.PROBLEM and task.what.startswith(MISSING):
        return str(_("missing: %(part)s", part=task.what.removeprefix(MISSING)))
    if task.kind is TaskKind.PRIVACY_REQUEST and task.what == ERASURE:
        return str(_("erase the record"))
    return task.what


def _actions(task: TaskShown) -> list[dict[str, Any]]:
    """The act that does the work, where there is one; else what was done is said by hand."""
    found: list[dict[str, Any]] = []

    def add(label: str, endpoint: str, *, post: bool = False, **values: Any) -> None:
        found.append({"label": label, "url": url_for(endpoint, **values), "post": post})

    if task.kind is TaskKind.CALL:
        add(_("Call"), "calls.show")
    elif task.kind in (TaskKind.SUSPEND_LINE, TaskKind.RESTORE_LINE):
        add(_("Lines"), "lines.index")
    elif task.kind is TaskKind.CLAIM and task.kit:
        add(_("It is here"), "kits.say", post=True, barcode=task.kit, what="located")
        add(_("Patron still has it"), "kits.say", post=True, barcode=task.kit, what="unclaimed")
        if current.may_anywhere(Act.WITHDRAW_KIT):
            add(_("Give it up"), "kits.say", post=True, barcode=task.kit, what="lost")
    elif task.kind is TaskKind.REFUND and task.patron:
        add(_("Charges"), "patrons.show", public_id=task.patron)
    elif task.kind in (TaskKind.REPAIR, TaskKind.PROBLEM) and task.kit:
        add(_("Open the kit"), "kits.show", barcode=task.kit)
    if task.kind is TaskKind.BOUNCE and task.patron:
        add(_("Change the address"), "patrons.edit", public_id=task.patron)
    if task.kind not in CLOSE_THEMSELVES and task.kind is not TaskKind.CALL:
        add(_("Done"), "tasks.finish", public_id=task.task)
    return found
