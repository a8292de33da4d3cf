"""Names and notes that are programs: they are shown as they are and nothing runs."""

from __future__ import annotations

from typing import Any

from lending.domain.barcodes import library_code
from lending.models.kits import Kit
from lending.models.people import Patron
from tests.cast import kit, patron
from tests.journeys.conftest import Enter
from tests.journeys.serving import Served

PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "'-alert(1)-'",
    "javascript:alert(1)",
    "{{ 7*7 }} {% raise %}",
    "</template><script>alert(1)</script>",
    "\u202eevil\u2066 <b onmouseover=alert(1)>x",
    "%(kit)s ${alert(1)} {name}",
)


def test_a_name_that_is_a_program_is_only_a_name(library: Served, enter: Enter) -> None:
    def rename(session: Any) -> None:
        for place, payload in enumerate(PAYLOADS):
            hostile = patron(session, card(place), f"{payload} Morales", library.cast.ela)
            session.get(Patron, hostile).note = payload
            kit(session, f"KIT-40{place:02}", library.cast.laptop_hotspot, library.cast.ela)
            session.query(Kit).filter_by(barcode=f"KIT-40{place:02}").one().note = payload

    library.database.act(rename)
    desk = enter("ben", "/desk")
    for place, _payload in enumerate(PAYLOADS):
        desk.scan(card(place)).scan(f"KIT-40{place:02}").counts(out=place + 1, waiting=0)
    desk.open("/desk")
    assert len(desk.log()) == len(PAYLOADS)
    for place, payload in enumerate(PAYLOADS):
        desk.open(f"/kits/KIT-40{place:02}")
        desk.page.locator("aside dd a").click()
        assert payload in (desk.page.locator("h1").text_content() or "")
        assert desk.page.locator("main script, main [onerror], main [onload], main [onmouseover]").count() == 0


def card(place: int) -> str:
    return library_code("2", "9999", 4000 + place)
