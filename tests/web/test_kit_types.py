"""The pages of kinds of kit: the form with its rows, the preview, and photos."""

from __future__ import annotations

import io
import secrets
from typing import Any

from PIL import Image
from sqlalchemy import select

from lending.db import Database
from lending.models.kits import KitType, KitTypePart
from tests.web.browsers import Browser

LIST = "/administration/kit-types"


def form(**more: str) -> dict[str, Any]:
    rows = (("Tablet", "200", "1"), ("Charger", "25.50", "2"))
    fields = {"key": secrets.token_hex(8), "name": "Tablet kit", "code": "tablet", "price": "225.50"}
    for n, (name, price, order) in enumerate(rows):
        fields |= {f"part_{n}_name": name, f"part_{n}_price": price, f"part_{n}_order": order}
        fields |= {f"part_{n}_quantity": "1", f"part_{n}_returnable": "y"}
    return {**fields, **more}


def parts(database: Database, code: str) -> list[tuple[str, int, bool, int]]:
    with database.read() as session:
        chosen = select(KitTypePart).join(KitTypePart.kit_type).where(KitType.code == code)
        return [
            (part.name, part.quantity, part.returnable, part.price_cents)
            for part in session.scalars(chosen.order_by(KitTypePart.position))
        ]


def test_a_kind_is_added_with_its_parts_in_their_order(eli: Browser, sqlite_database: Database) -> None:
    answer = eli.post(f"{LIST}/new", form(part_0_order="9"))
    assert answer.headers["Location"] == f"{LIST}/tablet"
    assert parts(sqlite_database, "tablet") == [("Charger", 1, True, 2550), ("Tablet", 1, True, 20000)]
    assert "Tablet kit" in eli.get(LIST).get_data(as_text=True)


def test_what_is_wrong_stands_at_its_field(eli: Browser, sqlite_database: Database) -> None:
    answer = eli.post(f"{LIST}/new", form(name="", code="Tab let!", price="much"))
    assert answer.status_code == 422
    again = eli.post(f"{LIST}/new", form(code="work-ready"))
    assert again.status_code == 409
    nothing = eli.post(f"{LIST}/new", form(part_0_name="", part_1_name=""))
    assert nothing.status_code in (409, 422)
    assert "There is a problem" in nothing.get_data(as_text=True)
    assert parts(sqlite_database, "tablet") == []


def test_a_kind_without_kits_is_changed_at_once(eli: Browser, sqlite_database: Database) -> None:
    eli.post(f"{LIST}/new", form())
    named = {"part_0_was": "Tablet", "part_1_was": "Charger"}
    answer = eli.post(f"{LIST}/tablet/edit", form(**named, part_0_name="Big tablet"))
    assert answer.status_code == 303
    assert parts(sqlite_database, "tablet")[0] == ("Big tablet", 1, True, 20000)


def test_what_a_change_means_for_kits_is_said_before_it_is_saved(eli: Browser, sqlite_database: Database) -> None:
    was = ("Laptop", "Hotspot", "Charger", "Case", "Notebook")
    fields: dict[str, Any] = {"key": "k" * 16, "name": "Work Ready kit", "price": "450", "cohort_only": "y"}
    for n, name in enumerate((*was, "Mouse")):
        fields |= {f"part_{n}_name": name, f"part_{n}_order": str(n + 1), f"part_{n}_returnable": "y"}
        fields |= {f"part_{n}_was": name} if name in was else {}
    page = eli.post(f"{LIST}/work-ready/edit", fields).get_data(as_text=True)
    assert "Mouse is new" in page and "4 kits of this kind" in page  # noqa: PT018 - one page
    assert len(parts(sqlite_database, "work-ready")) == 5
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    stale = eli.post(f"{LIST}/work-ready/edit", fields | {"seen": "0" * 32})
    assert stale.status_code == 409
    assert eli.post(f"{LIST}/work-ready/edit", fields | {"seen": seen}).status_code == 303
    assert len(parts(sqlite_database, "work-ready")) == 6


def test_a_photo_is_shown_to_everybody_and_at_the_inspection(eli: Browser, sqlite_database: Database) -> None:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(file, "PNG")
    url = f"{LIST}/work-ready/photo?part=Laptop"
    token = eli.token

    def send(content: bytes, key: str) -> Any:
        given = {"csrf_token": token, "key": key * 16, "photo": (io.BytesIO(content), "laptop.png")}
        return eli.client.post(url, data=given, content_type="multipart/form-data")

    assert send(b"<svg onload=alert(1)>", "a").status_code == 422
    assert send(file.getvalue(), "b").status_code == 303
    with sqlite_database.read() as session:
        photo = session.scalars(select(KitTypePart.photo).where(KitTypePart.photo.is_not(None))).one()
    assert f"/pictures/{photo}" in eli.get(f"{LIST}/work-ready").get_data(as_text=True)
    assert eli.get(f"/pictures/{photo}").mimetype == "image/jpeg"
    assert eli.get(f"{LIST}/work-ready/photo?part=Tablet").status_code == 404
