"""The hold shelf's pages, and reserving for somebody at the desk."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from lending.clock import MovingClock
from lending.db import Database
from lending.domain.states import KitState, ReservationState
from lending.models.kits import Kit
from lending.models.people import Patron
from lending.models.reservations import Reservation
from tests.cast import ADA, LUIS, MINA, OPEN_KIT, OTHER_OPEN_KIT, Cast
from tests.web.browsers import Browser


def reserve(browser: Browser, card: str, **more: str) -> Any:
    """Reserve a laptop at East Los Angeles; gives the page that follows."""
    given = {"card": card, "kit_type": "laptop-hotspot", "branch": "ELA", "key": secrets.token_hex(8), **more}
    return browser.post("/reservations/new", given, follow_redirects=True)


def shelve(browser: Browser, kit: str = OPEN_KIT, **more: Any) -> Any:
    """Scan a kit at the shelf; gives the answer."""
    return browser.scan(kit, screen="shelf", **more)


def text(answer: Any) -> str:
    """What a page says."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)))


def codes(database: Database) -> list[str]:
    """The codes of the open reservations."""
    with database.read() as session:
        return list(session.scalars(select(Reservation.pickup_code).where(Reservation.cohort_id.is_(None))))


def test_a_card_is_enough_to_reserve_and_the_place_is_told_in_words(ben: Browser, sqlite_database: Database) -> None:
    sqlite_database.act(
        lambda s: s.execute(update(Kit).where(Kit.barcode == OTHER_OPEN_KIT).values(_state=KitState.REPAIR))
    )
    assert "A kit at East Los Angeles Library is kept for" in text(reserve(ben, ADA))
    page = text(reserve(ben, LUIS))
    assert "Luis R.\u2069 is number 1 in the queue at East Los Angeles Library." in page
    assert "waiting, number 1 in the queue" in page
    assert "Ramos" not in page


def test_what_stands_against_a_reservation_is_told_at_the_form(ben: Browser) -> None:
    reserve(ben, ADA)
    again = reserve(ben, ADA)
    assert again.status_code == 409
    assert "The patron has a reservation for that already." in text(again)
    unknown = reserve(ben, "29999000000992")
    assert "We don't know this card" in text(unknown).replace("&#39;", "'")


def test_the_form_names_no_kind_that_needs_a_session(ben: Browser) -> None:
    page = ben.get("/reservations/new").get_data(as_text=True)
    assert 'value="laptop-hotspot"' in page
    assert 'value="work-ready"' not in page


def test_from_a_patrons_page_their_card_stands_in_the_form(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    with sqlite_database.read() as session:
        ada = session.get_one(Patron, cast.ada_id).public_id
    link = re.search(r'href="(/reservations/new[^"]+)"', ben.get(f"/patrons/{ada}").get_data(as_text=True))
    assert link is not None
    assert f'value="{ADA}"' in ben.get(link[1].replace("&amp;", "&")).get_data(as_text=True)
    assert f'value="{ADA}"' not in reserve(ben, ADA).get_data(as_text=True)


def test_the_same_form_sent_twice_reserves_once(ben: Browser, sqlite_database: Database) -> None:
    for _time in range(2):
        assert reserve(ben, ADA, key="one-key-of-a-form").status_code == 200
    assert len(codes(sqlite_database)) == 1


def test_a_reservation_is_cancelled_where_it_is_listed(ben: Browser, sqlite_database: Database) -> None:
    page = reserve(ben, LUIS).get_data(as_text=True)
    address = re.search(r'action="(/reservations/\w+/cancellation)"', page)
    assert address is not None
    assert "None now." in text(reserve_end(ben, address[1]))
    again = reserve_end(ben, address[1])
    assert again.status_code == 409
    with sqlite_database.read() as session:
        state = session.scalars(select(Reservation.state).where(Reservation.cohort_id.is_(None))).one()
    assert state is ReservationState.CANCELLED


def reserve_end(browser: Browser, address: str) -> Any:
    """Press Cancel."""
    return browser.post(address, {"key": secrets.token_hex(8)}, follow_redirects=True)


def test_another_branchs_patron_is_not_shown(cleo: Browser, sqlite_database: Database, cast: Cast) -> None:
    with sqlite_database.read() as session:
        ada = session.get_one(Patron, cast.ada_id).public_id
    assert "Ada" not in text(cleo.get(f"/reservations/new?patron={ada}"))


def test_a_scan_says_where_the_kit_goes_and_leads_to_its_slip(ben: Browser, sqlite_database: Database) -> None:
    reserve(ben, LUIS)
    answer = shelve(ben).json
    (code,) = codes(sqlite_database)
    assert answer["say"] == f"KIT-2001: put it on the hold shelf as {code}, until Wed, Mar 11."
    assert (answer["tone"], answer["row"]["undo"]) == ("done", True)
    slip = text(ben.get(answer["receipt_url"]))
    assert code in slip
    assert OPEN_KIT in slip
    assert "Luis" not in slip
    assert "Ramos" not in slip


def test_a_pull_is_undone_by_the_command(ben: Browser, clock: MovingClock, sqlite_database: Database) -> None:
    reserve(ben, LUIS)
    shelve(ben)
    clock.move(timedelta(minutes=5))
    assert ben.scan("CMD-UNDO", screen="shelf").json["say"] == "Undone: KIT-2001 is as it was before."
    with sqlite_database.read() as session:
        assert session.scalars(select(Kit.state).where(Kit.barcode == OPEN_KIT)).one() is KitState.AVAILABLE


def test_a_kit_that_nobody_waits_for_is_said_so(ben: Browser) -> None:
    answer = shelve(ben)
    assert (answer.status_code, answer.json["tone"]) == (409, "look")
    assert answer.json["say"] == "Nobody waits for KIT-2001. Leave it with the free kits."


def test_a_card_at_the_shelf_is_no_kit(ben: Browser) -> None:
    assert "not a kit" in shelve(ben, LUIS).json["say"]


@pytest.mark.parametrize(
    ("tab", "heading"), [("pull", "To pull"), ("ready", "Ready to pick up"), ("back", "back to the free")]
)
def test_each_list_has_its_tab(ben: Browser, tab: str, heading: str) -> None:
    assert heading in text(ben.get(f"/shelf?tab={tab}"))


def test_the_lists_follow_the_scans(ben: Browser, sqlite_database: Database) -> None:
    reserve(ben, LUIS)
    (code,) = codes(sqlite_database)
    assert code in text(ben.get("/shelf?tab=pull"))
    assert code in text(ben.get("/shelf/pull-list"))
    shelve(ben)
    assert code not in text(ben.get("/shelf/pull-list"))
    assert "Luis R." in text(ben.get("/shelf?tab=ready"))
    reservation = reserve(ben, LUIS).get_data(as_text=True)
    assert "already" in reservation
    with sqlite_database.read() as session:
        public_id = session.scalars(select(Reservation.public_id).where(Reservation.cohort_id.is_(None))).one()
    reserve_end(ben, f"/reservations/{public_id}/cancellation")
    assert OPEN_KIT in text(ben.get("/shelf?tab=back"))
    assert shelve(ben).json["say"] == "KIT-2001: put it back with the free kits."


def test_the_plain_form_shelves_too(ben: Browser) -> None:
    reserve(ben, MINA)
    given = {"code": OPEN_KIT, "key": secrets.token_hex(8), "screen": "shelf", "station": "ELA/Station 1"}
    assert "put it on the hold shelf as" in text(ben.post("/shelf", given))


def test_the_slip_of_another_branch_is_not_shown(ben: Browser, cleo: Browser) -> None:
    reserve(ben, LUIS)
    slip = shelve(ben).json["receipt_url"]
    assert cleo.get(slip).status_code == 404
