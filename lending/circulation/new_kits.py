"""Kits that come in a box: many at once, each with the next free code and the parts its kind expects.

Source: RULES 1 ("proposed codes"); the permission sheet, "add or change kits"; SCREENS, "kits, labels".
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.codes import propose_kit_codes
from lending.circulation.kits import add_kit
from lending.circulation.locks import lock_stocks
from lending.circulation.stocks import stock_of
from lending.domain.actors import Actor
from lending.domain.barcodes import Code, CodeSpaces, read
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.branches import Branch
from lending.models.kits import KitType

MOST: Final = 200
"""Kits of one act: a delivery that nobody labels in one go is added in pieces."""


def add_kits(
    session: Session,
    *,
    first: Code,
    count: int,
    kit_type: str,
    branch_id: int,
    spaces: CodeSpaces,
    place: str | None = None,
    at: datetime,
    by: Actor,
) -> tuple[str, ...]:
    """Add ``count`` kits to a branch, free to be lent, and give their codes: the free ones from ``first`` on.

    Raises ``Refused``: ``NOT_PERMITTED``; ``NOT_FOUND`` for the branch or the kind; ``VALUE_WRONG`` for a ``count``
    that is none, too large, or more than the range has left; as ``add_kit`` does.
    """
    by.permit(Act.CHANGE_KIT, branch_id)
    type_id = session.scalars(select(KitType.id).where(KitType.code == kit_type)).one_or_none()
    if type_id is None or session.get(Branch, branch_id) is None:
        raise Refused.because(Reason.NOT_FOUND)
    if not 1 <= count <= MOST:
        raise Refused.because(Reason.VALUE_WRONG, field="count")
    lock_stocks(session, [stock_of(session, branch_id=branch_id, kit_type_id=type_id)])
    codes = propose_kit_codes(session, first, count)
    if len(codes) < count:
        raise Refused.because(Reason.VALUE_WRONG, field="count")
    for code in codes:
        add_kit(
            session,
            code=read(code, spaces),
            kit_type=kit_type,
            branch_id=branch_id,
            place=place,
            at=at,
            by=by,
        )
    return codes
