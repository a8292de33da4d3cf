"""What tests of the pages share: a kit that came back, what the tables say, and the key of a form."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import select

from lending.db import Database
from lending.domain.states import KitState
from lending.models.kits import Kit, Part
from tests.cast import ADA, KIT
from tests.web.browsers import Browser


def row(database: Database, chosen: Any) -> Any:
    with database.read() as session:
        return session.scalars(chosen).first()


def kit_state(database: Database, code: str = KIT) -> KitState:
    found: KitState = row(database, select(Kit.state).where(Kit.barcode == code))
    return found


def key() -> str:
    return secrets.token_hex(8)


def parts_of(database: Database, code: str = KIT) -> dict[str, int]:
    with database.read() as session:
        rows = session.execute(
            select(Part.id, Part.model).join(Kit, Kit.id == Part.kit_id).where(Kit.barcode == code)
        ).all()
    return {model.removesuffix(" 1"): part_id for part_id, model in rows}


def returned(ben: Browser) -> None:
    assert ben.scan(KIT, patron=ADA).json["tone"] == "done"
    assert ben.scan(KIT, screen="returns").json["tone"] == "done"
