"""Outcome stories for other programs, for the uses that their tellers agreed to. Source: RULES 8."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import key_welcome
from lending.api.calls import call
from lending.api.circulation import Body, branch_of
from lending.api.fields import CodeText, Day, Page, Text
from lending.api.paging import after, cursor_of
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.errors import Reason, Refused, hidden_as
from lending.programs.stories import KEPT, LONGEST_NAME, LONGEST_STORY, StoryTold, keep_story, withdraw_story
from lending.queries.journal import detail_of
from lending.queries.stories import StoryShown, Use, stories, story_shown


class NewStory(Schema):
    """What somebody tells, how to name them (empty: not at all), what they agreed to (uses), and when they signed.

    Without consent no story is kept.
    """

    program = CodeText(required=True)
    branch = CodeText()
    cohort = CodeText()
    text = Text(LONGEST_STORY, required=True)
    named_as = Text(LONGEST_NAME, load_default="")
    uses = fields.List(fields.Enum(Use, by_value=True), load_default=list)
    consented_on = Day(load_default=None, allow_none=True)


class StoryAnswer(Schema):
    """A story. named_as is null for not at all; wording is the version of the consent."""

    id = answers.text()
    program = answers.text()
    cohort = answers.optional(fields.String)
    branch = answers.optional(fields.String)
    text = answers.text()
    named_as = answers.optional(fields.String)
    uses = fields.List(fields.Enum(Use, by_value=True), required=True)
    consented_on = fields.Date(required=True)
    wording = answers.text()


class StoryFilter(Page):
    """Which stories are listed; use: those alone that may be used so."""

    use = fields.Enum(Use, by_value=True)


class StoryPage(Schema):
    """A page of stories, the newest first; next is the cursor of the page behind it."""

    items = fields.List(fields.Nested(StoryAnswer), required=True)
    next = answers.optional(fields.String)


class WithdrawnStory(Schema):
    """The story whose words and teller's name are deleted."""

    id = answers.text()


@call("GET", "/stories", Act.ENROL, query=StoryFilter, gives=StoryPage, tag="Outcomes")
def get_stories(query: Body) -> Any:
    """List the stories that may be shown, the newest first"""
    limit, cursor = query["limit"], after(query.get("cursor"))
    with current.library().db.read() as session:
        found = stories(session, by=current.actor(), use=query.get("use"), after=cursor, limit=limit + 1)
    more = found[limit - 1].story if len(found) > limit else None
    return {"items": [_shown(one) for one in found[:limit]], "next": cursor_of(more)}


@call("POST", "/stories", Act.ENROL, takes=NewStory, gives=StoryAnswer, tag="Outcomes")
def post_story(body: Body) -> Any:
    """Keep a story, with its teller's written consent"""
    uses = body["uses"]
    told = StoryTold(
        text=body["text"],
        named_as=body["named_as"],
        for_web=Use.WEB in uses,
        for_print=Use.PRINT in uses,
        for_funder=Use.FUNDER in uses,
        consented_on=body["consented_on"],
        cohort=body.get("cohort"),
    )

    def do(session: Session, by: Actor) -> object:
        branch_id = branch_of(session, body["branch"], by) if "branch" in body else None
        with hidden_as(Reason.NOT_FOUND):
            return keep_story(session, program=body["program"], branch_id=branch_id, told=told, at=current.now(), by=by)

    def show(session: Session, act: str) -> Body:
        detail = detail_of(session, act, KEPT) or {}
        found = story_shown(session, str(detail.get("story")), by=current.actor())
        if found is None:
            raise Refused.because(Reason.NOT_FOUND)
        return _shown(found)

    return key_welcome(do, show, body=body)


@call("DELETE", "/stories/<story_id>", Act.ENROL, gives=WithdrawnStory, tag="Outcomes")
def delete_story(story_id: str) -> Any:
    """Take back the consent to a story: its words and its teller's name are deleted"""

    def do(session: Session, by: Actor) -> None:
        with hidden_as(Reason.NOT_FOUND):
            withdraw_story(session, story=story_id, at=current.now(), by=by)

    return key_welcome(do, lambda session, act: {"id": story_id}, body={})


def _shown(one: StoryShown) -> Body:
    return {
        "id": one.story,
        "program": one.program_code,
        "cohort": one.cohort_code,
        "branch": one.branch_code,
        "text": one.text,
        "named_as": one.named_as,
        "uses": list(one.uses),
        "consented_on": one.consented_on,
        "wording": one.wording,
    }
