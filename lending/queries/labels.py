"""What stands on a kit's label beside its bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lending.errors import Block, Reason, Refused
from lending.models.branches import Branch
from lending.models.kits import Kit, KitType
from lending.models.stock import Stock
from lending.queries.scope import Branches, within


@dataclass(frozen=True, slots=True)
class KitLabel:
    """One kit's code, the name of its type, and the branch it belongs to."""

    code: str
    kit_type: str
    branch: str


def kit_labels(session: Session, codes: Sequence[str], branch_ids: Branches = None) -> list[KitLabel]:
    """The labels of kits by their codes, in the order asked for; ``KIT_UNKNOWN`` for every code that no kit has.

    Kits that neither belong to one of a reader's branches nor stand there are like none.
    """
    rows = session.execute(
        select(Kit.barcode, KitType.name, Branch.name)
        .join(KitType, KitType.id == Kit.kit_type_id)
        .join(Stock, Stock.id == Kit.stock_id)
        .join(Branch, Branch.id == Stock.branch_id)
        .where(Kit.barcode.in_(set(codes)), or_(within(Stock.branch_id, branch_ids), within(Kit.branch_id, branch_ids)))
    )
    found = {code: KitLabel(code, kit_type, branch) for code, kit_type, branch in rows}
    unknown = [Block(Reason.KIT_UNKNOWN, {"code": code}) for code in dict.fromkeys(codes) if code not in found]
    if unknown:
        raise Refused(*unknown)
    return [found[code] for code in codes]
