"""What was chosen so far, as it stands now: what the pages of one reservation ask of each other."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from lending.errors import Block
from lending.queries.contacts import Contact, contact_of
from lending.queries.offering import Offered, Place, against, offered, offered_as
from lending.web import current
from lending.web.online import wish


def nobody_asks() -> bool:
    """Whether nobody said yet who they are."""
    return current.borrower() is None and wish.person() is None


def place_name(place: Place) -> str:
    """What a form sends for a library and a kind of kit."""
    return f"{place.branch}/{place.kit_type}"


def choices() -> list[tuple[Offered, list[Block]]]:
    """Everything that is offered, each with what stands against it for whoever asks."""
    with current.library().db.read() as session:
        found = offered(session, today=current.today(), at=current.now())
        return _with_blocks(session, found)


def choice_of(name: str) -> tuple[Offered, list[Block]] | None:
    """One of them, as a form sent it."""
    with current.library().db.read() as session:
        found = offered_as(session, name, today=current.today(), at=current.now())
        return None if found is None else _with_blocks(session, [found])[0]


def _with_blocks(session: Session, found: list[Offered]) -> list[tuple[Offered, list[Block]]]:
    me, person = current.borrower(), wish.person()
    patron_id = None if me is None else me.patron_id
    born = None if person is None else date.fromisoformat(person["birth_date"])
    blocks = against(session, found, patron_id=patron_id, birth_date=born, today=current.today())
    return [(one, blocks[one.choice]) for one in found]


def chosen() -> Offered | None:
    """What was chosen, if it is still offered."""
    name = wish.get().get("choice")
    if name is None:
        return None
    with current.library().db.read() as session:
        return offered_as(session, name, today=current.today(), at=current.now())


def chosen_place(one: Offered) -> Place | None:
    """Where it is to be picked up, if that library still has kits of it."""
    name = wish.get().get("place")
    return next((place for place in one.places if place_name(place) == name), None)


def own_contact() -> Contact:
    """How the patron who is signed in is reached now."""
    with current.library().db.read() as session:
        return contact_of(session, current.myself().patron_id)


def reach_is_known() -> bool:
    """Whether nothing is left to ask about how to tell them: it was asked, or the library reaches them already."""
    if current.borrower() is None:
        return wish.get().get("reach") is not None
    return own_contact().is_reached
