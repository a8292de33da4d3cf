"""What needs a person, for other programs: tasks with what closes them, overdue calls, and how claims end.

Source: RULES 6.
"""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from lending.api import answers, bodies, current
from lending.api.acts import key_required, of_hidden
from lending.api.calls import call
from lending.api.circulation import Body, branch_of, kit_of, show_loan
from lending.api.fields import CodeText, Page, Text
from lending.api.paging import after, cursor_of
from lending.circulation.calls import CallOutcome, note_call
from lending.circulation.lost import take_claim_back
from lending.circulation.returns import Receipt, return_kit
from lending.circulation.tasks import finish_task
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.models.tasks import TaskKind
from lending.queries.scope import branches_of
from lending.queries.tasks import TaskShown, task, tasks


class TaskQuery(Page):
    """Which tasks; without a branch those of all one's branches."""

    branch = CodeText()
    kind = fields.Enum(TaskKind, by_value=True)


class Outcome(Schema):
    """What was done, in words that are kept with one's name."""

    outcome = Text(240, shortest=1, required=True)


class Called(Schema):
    """What came of one call."""

    outcome = fields.Enum(CallOutcome, by_value=True, required=True)


class TaskAnswer(Schema):
    """A task. what names the thing; due_at: not to be tried before; tries: what was tried so far."""

    id = answers.text()
    kind = fields.Enum(TaskKind, by_value=True, required=True)
    what = answers.text()
    branch = answers.text()
    kit = answers.optional(fields.String)
    loan = answers.optional(fields.String)
    patron = answers.optional(fields.String, metadata={"description": "The name as the desk shows it: Ana M."})
    opened_at = answers.instant()
    due_at = answers.optional(fields.AwareDateTime, format="iso")
    tries = fields.Integer(required=True)
    closed_at = answers.optional(fields.AwareDateTime, format="iso")
    outcome = answers.optional(fields.String)


class TaskPage(Schema):
    """A page of open tasks, the oldest first; next is the cursor of the page behind it."""

    items = fields.List(fields.Nested(TaskAnswer), required=True)
    next = answers.optional(fields.String)


@call("GET", "/tasks", Act.CIRCULATE, query=TaskQuery, gives=TaskPage, tag="Tasks")
def get_tasks(query: Body) -> Any:
    """List what needs a person at one's branches"""
    with current.library().db.read() as session:
        if "branch" in query:
            branch_of(session, query["branch"], current.actor())
        found, more = tasks(
            session,
            branch_ids=branches_of(current.actor()),
            branch=query.get("branch"),
            kind=query.get("kind"),
            after=after(query.get("cursor")),
            limit=query["limit"],
        )
    return {"items": [_shown(one) for one in found], "next": cursor_of(more)}


@call("GET", "/tasks/<task_id>", Act.CIRCULATE, gives=TaskAnswer, tag="Tasks")
def get_task(task_id: str) -> Any:
    """Show a task"""
    with current.library().db.read() as session:
        return _shown(task(session, task_id, branch_ids=branches_of(current.actor())))


@call("POST", "/tasks/<task_id>/finish", Act.CIRCULATE, takes=Outcome, gives=TaskAnswer, keyed=True, tag="Tasks")
def post_task_finish(body: Body, task_id: str) -> Any:
    """Close a task by hand, saying what was done"""

    def do(session: Session, by: Actor) -> object:
        return finish_task(session, task=task_id, outcome=body["outcome"], at=current.now(), by=by)

    return of_hidden(do, lambda session, act: _now(session, task_id), body=body)


@call("POST", "/tasks/<task_id>/calls", Act.CIRCULATE, takes=Called, gives=TaskAnswer, keyed=True, tag="Tasks")
def post_task_call(body: Body, task_id: str) -> Any:
    """Note what came of an overdue call; one that nobody answered is due again on the next open morning"""

    def do(session: Session, by: Actor) -> object:
        return note_call(session, task=task_id, outcome=body["outcome"], at=current.now(), by=by)

    told = {"outcome": body["outcome"].value}
    return of_hidden(do, lambda session, act: _now(session, task_id), body=told)


@call("POST", "/claims/found", Act.CIRCULATE, takes=bodies.AtBranch, gives=answers.LoanAnswer, keyed=True, tag="Loans")
def post_claim_found(body: Body) -> Any:
    """Note that a kit which its patron claimed to have returned was here: it counts as back since the claim"""

    def do(session: Session, by: Actor) -> object:
        branch_id = branch_of(session, body["branch"], by)
        code = kit_of(session, body["kit"])
        receipt = Receipt.FOUND_BY_LIBRARY
        return return_kit(session, kit=code, branch_id=branch_id, at=current.now(), by=by, receipt=receipt)

    return key_required(do, show_loan, body=body)


@call(
    "POST", "/claims/withdrawn", Act.CIRCULATE, takes=bodies.AtBranch, gives=answers.LoanAnswer, keyed=True, tag="Loans"
)
def post_claim_withdrawn(body: Body) -> Any:
    """Note that the patron has the kit after all; it is due as before"""

    def do(session: Session, by: Actor) -> object:
        branch_id = branch_of(session, body["branch"], by)
        return take_claim_back(session, kit=kit_of(session, body["kit"]), branch_id=branch_id, at=current.now(), by=by)

    return key_required(do, show_loan, body=body)


def _now(session: Session, task_id: str) -> Body:
    return _shown(task(session, task_id, branch_ids=branches_of(current.actor())))


def _shown(found: TaskShown) -> Body:
    names = ("kind", "what", "branch", "kit", "loan", "opened_at", "due_at", "tries", "closed_at", "outcome")
    return {
        "id": found.task,
        "patron": found.patron_short_name,
        **{name: getattr(found, name) for name in names},
    }
