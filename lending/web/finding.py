"""Search: what was typed or scanned, and the kits and patrons it may mean.

A number alone finds the kits whose code ends in it. A name is searched from three letters on, within the person's
branches; a search is journalled, but not its words.
"""

from __future__ import annotations

from typing import Any

from flask import url_for

from lending.circulation.parts import resolve_part_code
from lending.circulation.patrons import note_search
from lending.domain.barcodes import Kind, read
from lending.domain.permissions import Act
from lending.domain.states import LoanState
from lending.queries import kits, patrons
from lending.queries.kits import KitInList
from lending.queries.patrons import PatronInList, PatronShown
from lending.web import current

LONGEST = 80


def find(typed: str) -> dict[str, Any]:
    """What the search page shows for ``typed``; ``go`` is the page that an exact code means, if one may open it."""
    query = typed.strip()[:LONGEST]
    shown: dict[str, Any] = {"query": query, "kits": [], "patrons": [], "too_short": False, "more": False, "go": None}
    if not query:
        return shown
    code = read(query, current.spaces())
    branches = current.branch_ids()
    with current.library().db.read() as session:
        if code.kind is Kind.PATRON:
            holder = patrons.patron_with_card(session, code.text)
            if holder is not None:
                shown["patrons"] = [_holder_line(holder)]
                theirs = patrons.patron_shown(session, holder.patron, branch_ids=branches)
                shown["go"] = None if theirs is None else url_for("patrons.show", public_id=holder.patron)
            return shown
        part = resolve_part_code(session, code.text)
        exact = part.kit if part is not None else code.text if code.kind is Kind.KIT else None
        if exact is not None:
            found = kits.kit_scanned(session, exact)
            if found is not None:
                is_read = kits.kit_shown(session, exact, branch_ids=branches) is not None
                shown["kits"] = [kit_line(found) if is_read else {**kit_line(found), "url": None}]
                shown["go"] = kit_line(found)["url"] if is_read and _may_open_kits() else None
            return shown
        named = kits.kit_list(session, branch_ids=branches, text=query, limit=10).kits
        shown["kits"] = [kit_line(one) for one in named]
    if patrons.is_too_short(query):
        return {**shown, "too_short": not named}
    return {**shown, **people(query)}


def _may_open_kits() -> bool:
    return any(map(current.may_anywhere, (Act.CIRCULATE, Act.CHANGE_KIT, Act.TRANSFER_KIT)))


def people(query: str) -> dict[str, Any]:
    """The patrons that a name, part of a card or a contact may mean, as rows; ``more``: there are others.

    A text that is too short names nobody. That somebody searched is journalled.
    """
    with current.library().db.read() as session:
        found = patrons.find_patrons(session, query, branch_ids=current.branch_ids())
    journal_search(len(found.patrons))
    return {"patrons": [patron_line(one) for one in found.patrons], "more": found.more}


def journal_search(found: int) -> None:
    """Write down that somebody searched for people by name, and how many were found."""
    place, by, at = current.station(), current.actor(), current.now()
    branch_id = None if place is None else place.branch_id
    current.library().db.act(lambda session: note_search(session, found=found, at=at, by=by, branch_id=branch_id))


def kit_line(kit: KitInList) -> dict[str, Any]:
    """A kit as a row of a list."""
    reader, due = current.reader(), kit.due_at
    return {
        "code": kit.code,
        "url": url_for("kits.show", barcode=kit.code),
        "kit_type": kit.kit_type_name,
        "branch_name": kit.branch_name,
        "state": kit.state.value,
        "due": None if due is None else reader.day(due),
        "overdue": due is not None and kit.loan_state is LoanState.OUT and due < current.now(),
    }


def patron_line(patron: PatronInList) -> dict[str, Any]:
    """A patron as a row of a list: shortened, with the end of the card and a masked contact."""
    return {
        "public_id": patron.patron,
        "short_name": patron.short_name,
        "url": url_for("patrons.show", public_id=patron.patron),
        "card_hint": patron.card_hint or "",
        "contact": patron.phone or patron.email or "",
        "home_branch": patron.home_branch,
        "kits_out": patron.kits_out,
        "blocked": patron.blocked,
    }


def _holder_line(holder: PatronShown) -> dict[str, Any]:
    """The holder of a card that was scanned: at any branch, because the card is in the hand."""
    return {
        "short_name": holder.short_name,
        "url": url_for("patrons.show", public_id=holder.patron),
        "card_hint": "",
        "contact": "",
        "home_branch": holder.home_branch_name,
        "kits_out": holder.kits_out,
        "blocked": holder.blocked_reason is not None,
    }
