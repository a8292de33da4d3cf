"""Codes as they are given out: each belongs to one thing, and only to a thing of its own space.

A card, a kit's label and a part's tag never share a code, whatever the settings were when each was made.
Source: RULES 1, "the code spaces ... must be disjoint, checked at creation and import".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import bindparam, literal, select, union_all
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lending.circulation.checkout import NO_OVERRIDE, Override
from lending.domain.actors import Actor
from lending.domain.barcodes import DEVICE_NUMBERS, Code, Kind, is_provisional, next_codes
from lending.errors import Block, Reason, Refused
from lending.models.kits import Kit, Part
from lending.models.people import Card

_text = bindparam("text", type_=Kit.barcode.type)
_HOLDERS = union_all(
    select(literal(Kind.KIT.value).label("kind")).where(Kit.barcode == _text),
    select(literal(Kind.PATRON.value)).where(Card.number == _text),
    select(literal(Kind.PART.value)).where(Part.tag == _text),
)
_WRONG_SPACE = {Kind.KIT: Reason.CODE_NOT_A_KIT, Kind.PATRON: Reason.CODE_NOT_A_CARD, Kind.PART: Reason.CODE_SPACE}


def new_code(session: Session, code: Code, kind: Kind, *, by: Actor, override: Override = NO_OVERRIDE) -> str:
    """The text of ``code``, to be given to a new thing of ``kind`` (``PATRON``, ``KIT`` or ``PART``).

    The reference of somebody without a card is given out by this program alone. A part may carry any inventory number
    that is of no other space. A wrong check digit (older stock has them) may be overridden with a note. Raises
    ``Refused``: ``CODE_EMPTY``, the reason why it is not of this space, ``CODE_MISREAD``, ``CODE_TAKEN``
    (``holder`` says by what).
    """
    _of_space(code, kind)
    if is_provisional(code.text):
        raise Refused.because(Reason.CODE_NOT_A_CARD, code=code.text, kind=Kind.UNKNOWN.value)
    if not code.valid and code.kind is kind:
        _misread(code, by, override)
    if taken := holder(session, code.text):
        raise Refused.because(Reason.CODE_TAKEN, code=code.text, holder=taken.value)
    return code.text


def holder(session: Session, text: str) -> Kind | None:
    """What has the code ``text``: a kit, a card (``PATRON``), a part; ``None`` when it is free."""
    found = session.execute(_HOLDERS, {"text": text}).scalars().first()
    return None if found is None else Kind(found)


def propose_kit_codes(session: Session, first: Code, count: int = 1) -> tuple[str, ...]:
    """``count`` free kit codes from ``first`` on, the next free one first; fewer where the range ends.

    Raises ``Refused`` when ``first`` is no kit's code, or does not end in digits.
    """
    _of_space(first, Kind.KIT)
    stem = first.text[:5] if first.text.isdigit() else first.text.rstrip("0123456789")
    taken = set(session.scalars(select(Kit.barcode).where(Kit.barcode.startswith(stem, autoescape=True))))
    try:
        return next_codes(first.text, taken, count)
    except ValueError:
        raise Refused.because(Reason.VALUE_WRONG, field="code") from None


@contextmanager
def refusing_twins(reason: Reason, **detail: object) -> Iterator[None]:
    """Turn the database's own refusal of a second row with the same key into ``reason``.

    What is asked before may be taken in between by another; a unique index has the last word.
    """
    try:
        yield
    except IntegrityError as error:
        raise Refused.because(reason, **detail) from error


def _of_space(code: Code, kind: Kind) -> None:
    if not code.text:
        raise Refused.because(Reason.CODE_EMPTY)
    if code.kind is kind or (kind is Kind.PART and code.kind is Kind.UNKNOWN):
        return
    if code.kind in DEVICE_NUMBERS:
        reason = Reason.CODE_IS_A_DEVICE_NUMBER
    elif code.kind is Kind.PART:
        reason = Reason.CODE_IS_A_PART
    elif code.kind is Kind.UNKNOWN:
        reason = Reason.CODE_SPACE
    else:
        reason = _WRONG_SPACE[kind]
    raise Refused.because(reason, code=code.text, kind=code.kind.value)


def _misread(code: Code, by: Actor, override: Override) -> None:
    """Refuse a wrong check digit unless the actor may set it aside, does, and says why."""
    overridable = by.may_override(Reason.CODE_MISREAD)
    if overridable and Reason.CODE_MISREAD in override.reasons:
        if not override.note.strip():
            raise Refused.because(Reason.REASON_NEEDED)
        return
    raise Refused(Block(Reason.CODE_MISREAD, {"code": code.text}, overridable))
