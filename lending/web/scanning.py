"""A scan and its answer: what travels between a page and the desk door. Only the shape is checked here.

A scan carries everything it belongs to (screen, station, patron, key), so that a lost answer can never lend to the
wrong person. Source: INTERFACES, "Desk"; SCREENS, rule 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum, unique
from typing import Any

from flask import request
from werkzeug.exceptions import UnprocessableEntity

from lending.circulation.checkout import NO_OVERRIDE, Override
from lending.domain.registration import is_storable, read_date
from lending.errors import Block, Refused
from lending.queries.desk import PatronStrip
from lending.web import current
from lending.web.camera import photographed
from lending.web.said import Said
from lending.wording import Tone

COMMANDS: Mapping[str, str] = {
    "end": "CMD-END",
    "undo": "CMD-UNDO",
    "receipt": "CMD-RECEIPT",
    "renew": "CMD-RENEW",
    "exchange": "CMD-EXCHANGE",
    "signed": "CMD-SIGNED",
    "all_here": "CMD-ALL-HERE",
    "in_library": "CMD-IN-LIBRARY",
}


@unique
class Screen(StrEnum):
    """The scanning screens there are."""

    DESK = "desk"
    RETURNS = "returns"
    INSPECTION = "inspection"
    WORKSHOP = "workshop"
    STOCKTAKE = "stocktake"
    TRANSFERS = "transfers"
    SHELF = "shelf"
    COHORT = "cohort"
    ENROL = "enrol"
    IN_LIBRARY = "in_library"


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan as it came in, its shape already checked. ``patron`` is a card number or a public id.

    ``subject`` is what the screen is about: a workshop or a count by its public id, a branch by its code. ``mode`` is
    how somebody attends. ``unread`` is why no code could be read from the photo that was sent instead of one.
    """

    code: str
    key: str
    screen: Screen
    station: str
    patron: str | None = None
    kit: str | None = None
    date: date | None = None
    book_drop: bool = False
    agreement: bool = False
    subject: str = ""
    mode: str = ""
    override: Override = NO_OVERRIDE
    unread: tuple[Block, ...] = ()

    @property
    def body(self) -> dict[str, Any]:
        """What the key stands for: the same key with another body is refused."""
        return {
            "code": self.code,
            "screen": self.screen.value,
            "station": self.station,
            "patron": self.patron,
            "kit": self.kit,
            "date": self.date,
            "book_drop": self.book_drop,
            "agreement": self.agreement,
            "subject": self.subject,
            "mode": self.mode,
            "override": [sorted(self.override.reasons), self.override.note],
        }


@dataclass(frozen=True, slots=True)
class Offer:
    """What this person may override about the stop: reasons and the sentences they set aside."""

    code: str
    patron: str
    reasons: list[str]
    sentences: list[str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said about a scan, and how the page goes on.

    ``patron`` is the strip to show, with ``None`` for nobody; ``same_patron`` keeps the one the page shows. ``kit``
    waits for its card, or for the kit that goes out for it (``waiting.py``). ``moved`` is added to the station's
    numbers. ``kit_line`` is how the strip tells of a kit from now on. ``slip`` is the reservation whose wrap slip can
    be printed. ``signed``: the agreement is ticked for the kits that follow. ``is_act``: it is the station's last act,
    so that no earlier one can be undone any more.
    """

    say: str
    tone: Tone
    status: int = 200
    at: datetime | None = None
    code: str = ""
    who: str = ""
    patron: PatronStrip | None = None
    same_patron: bool = False
    kit: str | None = None
    undo: bool = False
    receipt_loan: str | None = None
    slip: str | None = None
    signed: bool = False
    resolve_url: str | None = None
    offer: Offer | None = None
    moved: Mapping[str, int] = field(default_factory=dict)
    kit_line: str | None = None
    is_act: bool = False
    go: str | None = None
    is_row: bool = True


def told(done: Said) -> Answer:
    """The answer about an act that was done."""
    return Answer(
        done.sentence,
        done.tone,
        code=done.kit,
        who=done.who,
        undo=done.undoable,
        receipt_loan=done.loan,
        moved=done.moved,
        kit_line=done.kit_line,
        is_act=True,
    )


LONGEST_KEY = 80
LONGEST_TEXT = 200


def scan_of(given: Mapping[str, Any]) -> Scan:
    """The scan in a script's JSON; ``UnprocessableEntity`` when its shape does not fit."""
    override = given.get("override")
    offered = override if isinstance(override, Mapping) else {}
    return Scan(
        code=_text(given, "code") or "",
        key=_key(given.get("key")),
        screen=_screen(given.get("screen", Screen.DESK)),
        station=_text(given, "station") or "",
        patron=_asked_for(given, "patron") or None,
        kit=_text(given, "kit") or None,
        date=_date(given.get("date")),
        book_drop=given.get("book_drop") is True,
        agreement=given.get("agreement") is True,
        subject=_asked_for(given, "subject") or "",
        mode=_asked_for(given, "mode") or "",
        override=current.override_of(offered.get("reasons"), _asked_for(offered, "note")),
    )


def scan_of_form(form: Mapping[str, Any], screen: Screen) -> Scan:
    """The scan in a plain form, for a browser without scripts. An override posts its own fields, a photo has a code."""
    unread: tuple[Block, ...] = ()
    code = form.get("code")
    if "photo" in request.files:
        try:
            code = photographed(request.files.getlist("photo"))
        except Refused as refused:
            unread = refused.blocks
    overridden = form.get("override_code")
    override = current.override_of(str(form.get("override_reasons", "")).split(), form.get("override_note"))
    scan = scan_of(
        {
            "code": code,
            **{name: form.get(name) for name in ("key", "station", "patron", "kit", "subject", "mode")},
            "date": None if form.get("clear_date") else form.get("date") or None,
            "screen": screen.value,
            "book_drop": form.get("book_drop") == "1",
            "agreement": form.get("agreement") == "1",
            **({"code": overridden, "patron": form.get("override_patron")} if overridden else {}),
            "override": {"reasons": sorted(override.reasons), "note": override.note} if overridden else None,
        }
    )
    return replace(scan, unread=unread)


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise UnprocessableEntity(name)
    return value


def _asked_for(given: Mapping[str, Any], name: str) -> str | None:
    """Text that the database is asked for or keeps as it came; a code is read before."""
    value = _text(given, name)
    if value is not None and not is_storable(value):
        raise UnprocessableEntity(name)
    return value


def _key(value: Any) -> str:
    if (
        not isinstance(value, str)
        or not 8 <= len(value) <= LONGEST_KEY
        or not value.isascii()
        or not value.isprintable()
    ):
        raise UnprocessableEntity("key")
    return value


def _screen(value: Any) -> Screen:
    try:
        return Screen(value)
    except ValueError:
        raise UnprocessableEntity("screen") from None


def _date(value: Any) -> date | None:
    try:
        return read_date(value)
    except ValueError:
        raise UnprocessableEntity("date") from None
