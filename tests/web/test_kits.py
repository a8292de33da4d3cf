"""A kit's page: what may be done with it there, and what the page says when a button was not done."""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import select

from lending.clock import MovingClock
from lending.db import Database
from lending.models.kits import Kit, Part
from tests.cast import ADA, KIT
from tests.web.browsers import Browser


def key() -> str:
    return secrets.token_hex(8)


def part(database: Database, model: str, code: str = KIT) -> int:
    with database.read() as session:
        chosen = select(Part.id).join(Kit, Kit.id == Part.kit_id).where(Kit.barcode == code, Part.model == f"{model} 1")
        return session.scalars(chosen).one()


def test_a_button_that_came_too_late_is_told_on_the_kits_page(
    ben: Browser, sqlite_database: Database, clock: MovingClock
) -> None:
    ben.scan(KIT, patron=ADA)
    clock.move(timedelta(hours=49))
    answer = ben.post(f"/kits/{KIT}/parts/{part(sqlite_database, 'Charger')}/report", {"key": key()})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "is reported within 48 hours" in page
    assert f"<title>Error: {KIT}" in page
