"""A form that does one act: validated, done once, and what is refused told at its fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from lending.domain.actors import Actor
from lending.errors import Reason, Refused
from lending.web import current
from lending.web.acting import act_once
from lending.web.forms import KeyedForm
from lending.wording import status_of

Doing = Callable[[Session, datetime, Actor], Any]
"""What a form does, in a transaction, at an instant, by somebody."""

_ELSEWHERE = frozenset({Reason.BUSY, Reason.NOT_PERMITTED})
"""What is no matter of the page: the whole site tells it."""


def posted(form: KeyedForm, do: Doing) -> bool:
    """Whether the form was posted and its act done; what is refused stands at its fields."""
    if not form.validate_on_submit():
        return False
    try:
        act_once(do)
    except Refused as refused:
        if any(block.reason in _ELSEWHERE for block in refused.blocks):
            raise
        form.refuse(refused)
        form.refusal_status = status_of(refused.blocks)
        return False
    return True


@dataclass(frozen=True, slots=True)
class NotDone:
    """A button whose act was refused: the sentences that its page shows, and the page's status."""

    sentences: tuple[str, ...] = ()
    status: int = 200


def pressed(do: Doing) -> NotDone | None:
    """Do what a button posts, once; ``None`` when it is done, else why not, for the page on which the button stands."""
    try:
        act_once(do)
    except Refused as refused:
        if any(block.reason in _ELSEWHERE for block in refused.blocks):
            raise
        return NotDone(tuple(current.sentence(block) for block in refused.blocks), status_of(refused.blocks))
    return None


def status(form: KeyedForm) -> int:
    """The status of a form's page: a look, or why it was not done."""
    if request.method != "POST":
        return 200
    return int(getattr(form, "refusal_status", 422))
