"""What a code that was sent stands for here: a kit's own label, a card; and if it is something else, what.

Reading a code is ``domain/barcodes.py``'s matter; this asks the rows where looks are not enough: a part's label or a
hotspot's IMEI names its kit and lends nothing. Source: RULES 1; case 10 of RULES 10.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.parts import resolve_part_code
from lending.domain.barcodes import DEVICE_NUMBERS, Code, CodeSpaces, Kind, read
from lending.errors import Block, Reason, Refused
from lending.models.kits import Kit
from lending.models.people import Card


def kit_code(session: Session, raw: str, spaces: CodeSpaces) -> str:
    """The code of the kit that ``raw`` is the label of; whether there is such a kit, the verb says.

    Raises ``Refused``: ``CODE_EMPTY``, ``CODE_MISREAD``, ``CODE_IS_A_PART`` and ``CODE_IS_A_DEVICE_NUMBER`` with the
    part and its kit, ``CODE_NOT_A_KIT`` with what it is, ``KIT_UNKNOWN``.
    """
    code = _read(raw, spaces)
    if code.kind is Kind.KIT and code.valid:
        return code.text
    if session.scalar(select(Kit.id).where(Kit.barcode == code.text)) is not None:
        return code.text  # from before the codes of today
    if code.kind is Kind.KIT:
        raise Refused.because(Reason.CODE_MISREAD, code=code.text)
    raise Refused(not_a_kit(session, code))


def card_number(session: Session, raw: str, spaces: CodeSpaces) -> str:
    """The number of the card that ``raw`` is; whether anybody has it, the verb says.

    Raises ``Refused``: ``CODE_EMPTY``, ``CODE_MISREAD``, ``CODE_NOT_A_CARD`` with what it is, ``CARD_UNKNOWN``.
    """
    code = _read(raw, spaces)
    if code.kind is Kind.PATRON and code.valid:
        return code.text
    if session.scalar(select(Card.id).where(Card.number == code.text)) is not None:
        return code.text  # from before the cards of today
    if code.kind is Kind.PATRON:
        raise Refused.because(Reason.CODE_MISREAD, code=code.text)
    if code.kind is Kind.UNKNOWN:
        raise Refused.because(Reason.CARD_UNKNOWN, code=code.text)
    raise Refused.because(Reason.CODE_NOT_A_CARD, code=code.text, kind=code.kind.value)


def not_a_kit(session: Session, code: Code) -> Block:
    """Why a code that is no kit's cannot be one, with the part it belongs to where it belongs to one."""
    part = resolve_part_code(session, code.text)
    named: dict[str, object] = {"code": code.text, "kind": code.kind.value}
    if part is not None:
        named["part"] = part.name
        if part.kit is not None:
            named["kit"] = part.kit
    if code.kind in DEVICE_NUMBERS:
        return Block(Reason.CODE_IS_A_DEVICE_NUMBER, named)
    if part is not None or code.kind is Kind.PART:
        return Block(Reason.CODE_IS_A_PART, named)
    if code.kind is Kind.UNKNOWN:
        return Block(Reason.KIT_UNKNOWN, {"kit": code.text})
    return Block(Reason.CODE_NOT_A_KIT, named)


def _read(raw: str, spaces: CodeSpaces) -> Code:
    code = read(raw, spaces)
    if not code.text:
        raise Refused.because(Reason.CODE_EMPTY)
    return code
