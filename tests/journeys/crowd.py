"""Many patrons with a kit each, for a desk that is busy."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from lending.circulation.checkout import check_out
from lending.circulation.kits import add_kit
from lending.circulation.reserving import cancel, reserve
from lending.circulation.shelf import capture
from lending.domain.barcodes import CodeSpaces, library_code, read
from tests.cast import ADA, LUIS, MINA, kit, patron
from tests.journeys.serving import Served

NAMES = (
    "Ana Morales", "Arpi Hovhannisyan", "Thuy Nguyen", "José García", "Mei Lin", "Darnell White", "Sofía Peña",
    "Noor Ahmadi", "Grace Thompson", "Iván Castillo", "Hae-won Jung", "Rosa Valdez", "Omar Diallo", "Ирина Соколова",
    "محمد القحطاني", "佐藤 美咲", "Åsa Öberg", "Nguyễn Văn Đức", "Chidi Okonkwo", "Leilani Kealoha", "ሰላም ተስፋዬ",
    "Zoë van Dijk", "Priya Raman", "Ανδρέας Παππάς", "Mehmet Yılmaz", "Fatou Ndiaye", "Siobhán Ní Bhriain", "王小明",
    "Ruth Cohen", "Tevita Fonoti",
)  # fmt: skip
"""Thirty invented people of many origins and scripts."""


def lend_to_everybody(library: Served, number: int = len(NAMES)) -> list[str]:
    """Kits KIT-3001, KIT-3002, ... each lent to somebody else a week ago; gives their codes."""
    cast, at = library.cast, library.clock.now() - timedelta(days=7)

    def lend(session: Session) -> list[str]:
        codes = []
        for place, name in enumerate(NAMES[:number], start=1):
            code, card = f"KIT-{3000 + place}", library_code("2", "9999", 3000 + place)
            kit(session, code, cast.laptop_hotspot, cast.ela)
            patron(session, card, name, cast.ela)
            check_out(session, kit=code, patron=card, branch_id=cast.ela, at=at, by=cast.ben)
            codes.append(code)
        return codes

    return library.database.act(lend)


def lend_long_ago(library: Served) -> None:
    """KIT-3201, lent to Yusuf Adeyemi nine weeks ago, so that it is weeks overdue."""
    cast, at = library.cast, library.clock.now() - timedelta(days=60)

    def lend(session: Session) -> None:
        kit(session, "KIT-3201", cast.laptop_hotspot, cast.ela)
        card = library_code("2", "9999", 3201)
        patron(session, card, "Yusuf Adeyemi", cast.ela)
        check_out(session, kit="KIT-3201", patron=card, branch_id=cast.ela, at=at, by=cast.ben)

    library.database.act(lend)


def shelve(library: Served) -> str:
    """Two kits on the hold shelf, one of them for nobody any more; gives the reservation of the other."""
    cast = library.cast
    for code in ("KIT-3101", "KIT-3102"):
        library.act(add_kit, code=read(code, CodeSpaces()), kit_type="laptop-hotspot", branch_id=cast.ela)
    first, second, _third = (
        library.act(reserve, patron=card, kit_type="laptop-hotspot", pickup_branch_id=cast.ela)
        for card in (ADA, LUIS, MINA)
    )
    for code in ("KIT-3101", "KIT-3102"):
        library.act(capture, kit=code, branch_id=cast.ela)
    library.act(cancel, reservation=second.reservation, reason="found another")
    return str(first.reservation)
