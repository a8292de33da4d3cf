"""What the handlers of all scanning screens do alike: do an act once for its scan, and ask for a kit's label."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from flask import url_for
from sqlalchemy.orm import Session

from lending.circulation.acts import once
from lending.domain.actors import Actor
from lending.domain.barcodes import Code, Kind
from lending.errors import Reason, Refused
from lending.queries.acts import Outcome, outcome
from lending.queries.staff import StationPlace
from lending.web import current
from lending.web.scanning import Answer, Scan

T = TypeVar("T")
Handler = Callable[[Scan, StationPlace, Code], Answer]
"""What a screen does with a code that is a card, a kit, a session or a place; ``Refused`` is put into words for it."""


def act_for(scan: Scan, by: Actor, at: datetime, do: Callable[[Session], Outcome]) -> Outcome:
    """Do the act that a scan asks for, once for its key; the same scan again gives the same outcome."""
    return once_for(scan, by, at, do, outcome)


def once_for(scan: Scan, by: Actor, at: datetime, do: Callable[[Session], T], again: Callable[[Session, str], T]) -> T:
    """Do what a scan asks for, once for its key; ``again`` tells of the act (its id) that the same scan was before."""
    return current.library().db.act(
        lambda session: once(
            session,
            by=by,
            key=scan.key,
            body=scan.body,
            at=at,
            do=lambda: do(session),
            again=lambda act: again(session, act),
        )
    )


def kit_code(code: Code) -> str:
    """The code of a kit; ``Refused`` (``CODE_NOT_A_KIT``) for any other thing that was scanned."""
    if code.kind is not Kind.KIT:
        raise Refused.because(Reason.CODE_NOT_A_KIT, code=code.text, kind=code.kind.value)
    return code.text


def kit_url(kit: str) -> str:
    """The page of a kit."""
    return url_for("kits.show", barcode=kit)
