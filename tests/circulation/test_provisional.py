"""People without a card yet: a reference and a place at once, no kit until somebody has seen them, on both engines."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation import merging, patrons
from lending.circulation.checkout import check_out
from lending.circulation.provisional import Newcomer, register_provisionally
from lending.circulation.reserving import reserve
from lending.circulation.sign_ins import (
    NEWCOMERS_FROM_ONE_ADDRESS,
    NEWCOMERS_TIME,
    forget_guesses,
)
from lending.circulation.verifying import Verified, verify
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.barcodes import CodeSpaces, Kind, is_provisional, read
from lending.domain.permissions import OVERRIDES
from lending.errors import Block, Reason, Refused
from lending.models.journal import JournalEntry
from lending.models.kits import KitType
from lending.models.people import Card, CardEnd, Patron
from lending.models.policies import AgreementAcceptance, Signing
from lending.models.reservations import Reservation
from tests.cast import LUIS, NOW, OPEN_KIT, Cast
from tests.circulation.kits_in_hand import only, rows, why
from tests.circulation.town import card, scan
from tests.races import Race, race, without_locks

NADIA = {"name": "Nadia Haddad", "birth_date": "1988-04-02", "email": "nadia@example.org"}


def come(database: Database, cast: Cast, **given: Any) -> Newcomer:
    """Nadia, who has no card, gives her name at the pages of East Los Angeles."""
    values = {"details": NADIA, "home_branch_id": cast.ela, "address": "a", "at": NOW, "by": cast.nobody, **given}
    return database.act(lambda session: register_provisionally(session, **values))


def ask(database: Database, cast: Cast, newcomer: Newcomer, kit_type: str = "laptop-hotspot", **given: Any) -> Any:
    """She reserves a kit for herself."""
    values = {"pickup_branch_id": cast.ela, "at": NOW, "by": cast.patron(newcomer.patron_id), **given}
    return database.act(lambda s: reserve(s, patron=newcomer.reference, kit_type=kit_type, **values))


def refused(database: Database, cast: Cast, **given: Any) -> list[Block]:
    """Why somebody is not registered."""
    with pytest.raises(Refused) as refusal:
        come(database, cast, **given)
    return list(refusal.value.blocks)


def test_a_newcomer_has_a_reference_that_is_read_as_a_card_and_stands_for_one(database: Database, cast: Cast) -> None:
    newcomer = come(database, cast)
    code = read(newcomer.reference.lower(), CodeSpaces())
    assert (code.kind, code.text, code.valid) == (Kind.PATRON, newcomer.reference, True)
    person = only(database, Patron, Patron.id == newcomer.patron_id)
    assert (person.public_id, person.provisional_since, person.home_branch_id) == (newcomer.patron, NOW, cast.ela)
    assert (person.name_key, person.email, person.pin_hash) == ("nadia haddad", "nadia@example.org", None)
    [entry] = rows(database, JournalEntry, JournalEntry.verb == "register_provisionally")
    assert (entry.role, entry.patron, entry.detail["fields"]) == (
        "patron",
        None,  # they ask for a kit in the same act
        ["birth_date", "email", "home_branch_id", "name"],
    )


def test_no_reference_is_a_card_that_staff_may_give_out(database: Database, cast: Cast) -> None:
    reference = scan("WEB-K7QD2M")
    assert is_provisional(reference.text)
    with pytest.raises(Refused) as refusal:
        database.act(
            lambda s: patrons.register(s, card=reference, details=NADIA, home_branch_id=cast.ela, at=NOW, by=cast.ben)
        )
    assert why(refusal) == [Reason.CODE_NOT_A_CARD]


def test_a_reference_has_no_letter_that_is_mistaken_for_another() -> None:
    assert not any(is_provisional(f"WEB-{letter}22222") for letter in "01OILAEU")


@pytest.mark.parametrize("who", ["ada", "ben", "eli", "system"])
def test_who_is_signed_in_registers_nobody_provisionally(database: Database, cast: Cast, who: str) -> None:
    assert [block.reason for block in refused(database, cast, by=getattr(cast, who))] == [Reason.NOT_PERMITTED]


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"name": "Nadia", "birth_date": "1988-04-02"}, "contact"),
        ({"name": "Nadia", "email": "nadia@example.org"}, "birth_date"),
        ({"birth_date": "1988-04-02", "phone": "213 555 0142"}, "name"),
    ],
)
def test_without_a_name_a_birth_date_and_a_contact_nobody_is_registered(
    database: Database, cast: Cast, details: dict[str, str], field: str
) -> None:
    assert refused(database, cast, details=details) == [Block(Reason.VALUE_MISSING, {"field": field})]


@pytest.mark.parametrize("field", ["guardian_agreed_on", "expires_on", "note", "home_branch_id", "street", "role"])
def test_a_newcomer_says_nothing_of_themselves_but_what_is_asked(database: Database, cast: Cast, field: str) -> None:
    blocks = refused(database, cast, details={**NADIA, field: "2026-01-01"})
    assert blocks == [Block(Reason.VALUE_WRONG, {"field": field})]
    assert rows(database, Patron, Patron.provisional_since.is_not(None)) == []


def test_the_same_person_asks_once_until_they_are_seen(database: Database, cast: Cast) -> None:
    come(database, cast)
    [block] = refused(database, cast, details={**NADIA, "name": "NADIA  haddad", "phone": "213 555 0142"})
    assert block.reason is Reason.ASKED_BEFORE
    twin = {**NADIA, "birth_date": "1988-04-03"}
    assert come(database, cast, details=twin).patron_id


def test_nobody_learns_that_the_library_knows_somebody(database: Database, cast: Cast) -> None:
    """Ada has a card; who types her name, birth date and e-mail is answered like anybody else."""

    def known(session: Session) -> dict[str, str]:
        ada = session.get_one(Patron, cast.ada_id)
        ada.email = "ada@example.org"
        return {"name": ada.name, "birth_date": str(ada.birth_date), "email": ada.email}

    details = database.act(known)
    assert come(database, cast, details=details).patron_id != cast.ada_id


def test_so_many_an_hour_ask_from_one_address_and_no_more(database: Database, cast: Cast) -> None:
    for n in range(NEWCOMERS_FROM_ONE_ADDRESS):
        come(database, cast, details={**NADIA, "name": f"Nadia {n}"}, at=NOW + timedelta(minutes=n))
    [block] = refused(database, cast, at=NOW + timedelta(minutes=59))
    assert block == Block(Reason.TOO_MANY_FROM_HERE, {"until": NOW + NEWCOMERS_TIME})
    assert come(database, cast, address="b").patron_id
    assert come(database, cast, details={**NADIA, "name": "Omid Rahimi"}, at=NOW + NEWCOMERS_TIME).patron_id


def test_who_is_refused_is_not_counted(database: Database, cast: Cast) -> None:
    for _ in range(NEWCOMERS_FROM_ONE_ADDRESS + 1):
        refused(database, cast, details={**NADIA, "email": "nobody"})
    assert come(database, cast).patron_id


def test_the_sweep_forgets_the_newcomers_of_an_address_after_their_hour(database: Database, cast: Cast) -> None:
    come(database, cast)
    assert database.act(lambda s: forget_guesses(s, at=NOW + timedelta(minutes=30))) == 0
    assert database.act(lambda s: forget_guesses(s, at=NOW + NEWCOMERS_TIME)) == 1


def test_racing_newcomers_of_one_address_are_no_more_than_so_many(database: Database, cast: Cast) -> None:
    for n in range(NEWCOMERS_FROM_ONE_ADDRESS - 1):
        come(database, cast, details={**NADIA, "name": f"Nadia {n}"})
    given = {"home_branch_id": cast.ela, "address": "a", "at": NOW}

    def last(name: str) -> Any:
        details = {**NADIA, "name": name}
        return lambda s: register_provisionally(s, details=details, by=cast.nobody, **given)

    outcome = race(database, last("Omid Rahimi"), last("Petra Novák"), before="INSERT")
    assert (len(outcome.done), outcome.refused, outcome.broken) == (1, [[Reason.TOO_MANY_FROM_HERE]], [])


def test_a_newcomer_has_one_request_at_a_time(database: Database, cast: Cast) -> None:
    newcomer = come(database, cast)
    first = ask(database, cast, newcomer)
    with pytest.raises(Refused) as refusal:
        ask(database, cast, newcomer, pickup_branch_id=cast.com)
    assert why(refusal) == [Reason.ONE_UNTIL_VERIFIED, Reason.ALREADY_RESERVED]
    assert only(database, Reservation, Reservation.public_id == first.reservation).patron_id == newcomer.patron_id


def two_at_once(database: Database, cast: Cast) -> Race[Any]:
    """A newcomer asks for two kinds of kit in one moment, so that no unique index keeps the requests apart."""
    newcomer = come(database, cast)
    by = cast.patron(newcomer.patron_id)
    database.act(lambda s: setattr(s.get_one(KitType, cast.work_ready), "cohort_only", False))

    def asks(kit_type: str) -> Any:
        given = {"kit_type": kit_type, "pickup_branch_id": cast.ela, "at": NOW, "by": by}
        return lambda s: reserve(s, patron=newcomer.reference, **given)

    return race(database, asks("laptop-hotspot"), asks("work-ready"), before="INSERT INTO reservations")


def test_a_newcomer_who_asks_twice_at_once_has_one_request(database: Database, cast: Cast) -> None:
    outcome = two_at_once(database, cast)
    assert (len(outcome.done), outcome.refused, outcome.broken) == (1, [[Reason.ONE_UNTIL_VERIFIED]], [])


def test_without_the_locks_a_newcomer_would_have_two(database: Database, cast: Cast) -> None:
    with without_locks(database):
        assert len(two_at_once(database, cast).done) == 2


def test_a_newcomer_is_handed_no_kit_whatever_anybody_overrides(database: Database, cast: Cast) -> None:
    newcomer = come(database, cast)
    ask(database, cast, newcomer)
    with pytest.raises(Refused) as refusal:
        hand_out(database, cast, newcomer.reference, cast.ben)
    assert Reason.NOT_VERIFIED in why(refusal)
    assert Reason.NOT_VERIFIED not in OVERRIDES


def hand_out(database: Database, cast: Cast, number: str, by: Actor) -> Any:
    return database.act(lambda s: check_out(s, kit=OPEN_KIT, patron=number, branch_id=cast.ela, at=NOW, by=by))


def test_a_card_verifies_a_newcomer_and_the_place_is_theirs(database: Database, cast: Cast) -> None:
    newcomer = come(database, cast)
    place = ask(database, cast, newcomer)
    new = card(70)
    database.act(lambda s: patrons.replace_card(s, patron=newcomer.patron, card=new, at=NOW, by=cast.ben))
    person = only(database, Patron, Patron.id == newcomer.patron_id)
    assert person.provisional_since is None
    assert len(rows(database, JournalEntry, JournalEntry.verb == "verify_patron")) == 1
    database.act(lambda s: sign(s, newcomer.patron_id))
    hand_out(database, cast, new.text, cast.ben)
    assert only(database, Reservation, Reservation.public_id == place.reservation).state == "picked_up"
    with pytest.raises(Refused) as refusal:
        hand_out(database, cast, newcomer.reference, cast.ben)
    assert why(refusal) == [Reason.CARD_REPLACED]


def sign(session: Session, patron_id: int) -> None:
    """The desk saw the agreement signed."""
    session.add(AgreementAcceptance(patron_id=patron_id, accepted_at=NOW, how=Signing.AT_DESK))


def public_id(database: Database, patron_id: int) -> str:
    with database.read() as session:
        return session.scalars(select(Patron.public_id).where(Patron.id == patron_id)).one()


def test_desk_staff_merge_a_newcomer_into_the_record_that_they_have(database: Database, cast: Cast) -> None:
    newcomer = come(database, cast)
    place = ask(database, cast, newcomer)
    pair = {"loser": newcomer.patron, "survivor": public_id(database, cast.luis_id)}
    database.act(lambda s: merging.merge(s, **pair, at=NOW, by=cast.ben))
    assert only(database, Reservation, Reservation.public_id == place.reservation).patron_id == cast.luis_id
    old = only(database, Card, Card.number == newcomer.reference)
    assert (old.patron_id, old.end) == (cast.luis_id, CardEnd.MERGED)


@pytest.mark.parametrize("who", ["dora", "ada"])
def test_who_may_not_change_a_patron_merges_no_newcomer(database: Database, cast: Cast, who: str) -> None:
    newcomer = come(database, cast)
    by = getattr(cast, who)
    pair = {"loser": newcomer.patron, "survivor": public_id(database, cast.luis_id)}
    with pytest.raises(Refused) as refusal:
        database.act(lambda s: merging.merge(s, **pair, at=NOW, by=by))
    assert why(refusal) == [Reason.NOT_PERMITTED]


def test_no_record_is_merged_into_one_that_nobody_has_seen(database: Database, cast: Cast) -> None:
    newcomer = come(database, cast)
    pair = {"loser": public_id(database, cast.luis_id), "survivor": newcomer.patron}
    with pytest.raises(Refused) as refusal:
        database.act(lambda s: merging.merge(s, **pair, at=NOW, by=cast.cleo))
    assert why(refusal) == [Reason.NOT_VERIFIED]


def test_a_child_is_registered_and_a_guardian_is_asked_for_at_the_desk(database: Database, cast: Cast) -> None:
    newcomer = come(database, cast, details={**NADIA, "birth_date": str(date(2011, 5, 1))})
    ask(database, cast, newcomer)
    with pytest.raises(Refused) as refusal:
        hand_out(database, cast, newcomer.reference, cast.ben)
    assert {Reason.NOT_VERIFIED, Reason.UNDER_AGE} <= set(why(refusal))


# --- One scan that verifies -------------------------------------------------------------------------------------------


def see(database: Database, cast: Cast, newcomer: Newcomer, code: Any, by: Actor | None = None) -> Any:
    """Ben has seen who she is, and scans a card."""
    return database.act(lambda s: verify(s, patron=newcomer.patron, card=code, at=NOW, by=by or cast.ben))


def test_a_card_that_is_nobodys_is_hers(database: Database, cast: Cast) -> None:
    newcomer = come(database, cast)
    assert see(database, cast, newcomer, card(70)) == Verified(newcomer.patron, had_a_card=False)
    assert only(database, Card, Card.number == card(70).text).patron_id == newcomer.patron_id


def test_the_card_that_she_has_already_takes_what_she_asked_for(database: Database, cast: Cast) -> None:
    newcomer = come(database, cast, details={**NADIA, "birth_date": "1990-05-17"})
    place = ask(database, cast, newcomer)
    assert see(database, cast, newcomer, scan(LUIS)) == Verified(public_id(database, cast.luis_id), had_a_card=True)
    assert only(database, Reservation, Reservation.public_id == place.reservation).patron_id == cast.luis_id


def test_a_card_of_somebody_born_on_another_day_is_not_hers(database: Database, cast: Cast) -> None:
    newcomer = come(database, cast)
    for code in (scan(LUIS), scan(newcomer.reference)):
        with pytest.raises(Refused) as refusal:
            see(database, cast, newcomer, code)
        assert why(refusal) == [Reason.CODE_TAKEN]


def test_who_is_verified_is_verified_once(database: Database, cast: Cast) -> None:
    newcomer = come(database, cast)
    see(database, cast, newcomer, card(70))
    with pytest.raises(Refused) as refusal:
        see(database, cast, newcomer, card(71))
    assert why(refusal) == [Reason.WRONG_STATE]


@pytest.mark.parametrize("who", ["cleo", "dora", "ada"])
def test_nobody_is_verified_by_staff_of_another_branch_or_by_a_patron(database: Database, cast: Cast, who: str) -> None:
    with pytest.raises(Refused) as refusal:
        see(database, cast, come(database, cast), card(70), getattr(cast, who))
    assert why(refusal) == [Reason.NOT_PERMITTED]
