"""Claims about registering people, changing what is known of them, and their cards."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lending.circulation import patrons
from lending.circulation.checkout import Override
from lending.domain.barcodes import Code
from lending.errors import Block, Reason, Refused
from lending.models.journal import JournalEntry
from lending.models.people import Card, CardEnd, Household, Patron
from tests.circulation.town import AT, Town, card, scan

DETAILS: dict[str, Any] = {"name": "Ada Okafor", "birth_date": "1990-02-28"}
HOME: dict[str, Any] = {
    "street": "4837 East Third Street",
    "unit": "Apt 4",
    "city": "Los Angeles",
    "postal_code": "90022",
}


def _with_card(town: Town, code: Code) -> Patron:
    with town.database.read() as session:
        return patrons.patron_with_card(session, code)


def _not_with_card(town: Town, code: Code) -> Block:
    with pytest.raises(Refused) as refused:
        _with_card(town, code)
    return refused.value.blocks[0]


def test_a_registered_patron_is_found_by_the_card(town: Town) -> None:
    made = town.act(
        patrons.register,
        by=town.ben,
        card=card(1),
        home_branch_id=town.ela,
        details={**DETAILS, "email": "ada@EXAMPLE.org", "phone": "213 555 0142", "language": "es"},
    )
    found = _with_card(town, card(1))
    assert (found.public_id, made.card) == (made.patron, card(1).text)
    assert (found.name, found.name_key) == ("Ada Okafor", "ada okafor")
    assert (found.email, found.phone, found.language) == ("ada@example.org", "+12135550142", "es")


def test_the_journal_names_a_patron_by_pseudonym_and_fields_by_name(town: Town) -> None:
    public_id = town.register(**HOME, email="ada@example.org")
    town.act(patrons.change, by=town.ben, patron=public_id, details={"name": "Ada Lovelace", "phone": None})
    registered, changed = town.journal("register_patron")[0], town.journal("change_patron")[0]
    assert registered.patron == changed.patron == town.patron(public_id).pseudonym
    assert changed.detail == {"fields": ["name"]}
    written = str([entry.detail for entry in town.every(select(JournalEntry))])
    assert not [value for value in ("Ada", "Lovelace", "example", "Third", "90022", card(1).text) if value in written]


def test_everything_wrong_with_a_new_patron_is_told_at_once(town: Town) -> None:
    given: dict[str, Any] = {"name": " ", "birth_date": "2026-05-05", "email": "ada", "status": "erased"}
    blocks = town.refused(patrons.register, by=town.ben, card=card(1), home_branch_id=town.ela, details=given)
    assert [(block.reason, block.detail["field"]) for block in blocks] == [
        (Reason.VALUE_MISSING, "name"),
        (Reason.VALUE_WRONG, "birth_date"),
        (Reason.VALUE_WRONG, "email"),
        (Reason.VALUE_WRONG, "status"),
    ]
    assert town.every(select(Patron)) == []


def test_the_day_of_birth_is_a_day_at_the_home_branch(town: Town) -> None:
    """At 03:00 UTC it is still the evening before in Los Angeles."""
    at = AT.replace(hour=3)
    given: dict[str, Any] = {"name": "Baby Okafor", "birth_date": "2026-05-04"}
    verb: dict[str, Any] = {"card": card(1), "home_branch_id": town.ela, "details": given}
    assert town.reasons(patrons.register, by=town.ben, at=at, **verb) == [Reason.VALUE_WRONG]
    town.act(patrons.register, by=town.ben, at=at + timedelta(hours=4), **verb)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("39999000000016", Reason.CODE_NOT_A_CARD),
        ("KIT-00042", Reason.CODE_NOT_A_CARD),
        ("PT-1234", Reason.CODE_IS_A_PART),
        ("490154203237518", Reason.CODE_IS_A_DEVICE_NUMBER),
        ("hello", Reason.CODE_SPACE),
        (" ", Reason.CODE_EMPTY),
        ("29999000000019", Reason.CODE_MISREAD),
    ],
)
def test_a_code_of_another_space_is_no_card(town: Town, code: str, reason: Reason) -> None:
    verb: dict[str, Any] = {"card": scan(code), "home_branch_id": town.ela, "details": DETAILS}
    assert town.reasons(patrons.register, by=town.ben, **verb) == [reason]


def test_a_wrong_check_digit_is_accepted_with_a_permission_and_a_note(town: Town) -> None:
    old_stock = scan("29999000000019")
    verb: dict[str, Any] = {"card": old_stock, "home_branch_id": town.ela, "details": DETAILS}
    misread = frozenset({Reason.CODE_MISREAD})
    assert [block.overridable for block in town.refused(patrons.register, by=town.ben, **verb)] == [True]
    without_note: dict[str, Any] = {**verb, "override": Override(misread)}
    assert town.reasons(patrons.register, by=town.ben, **without_note) == [Reason.REASON_NEEDED]
    town.act(patrons.register, by=town.ben, **verb, override=Override(misread, "printed in 1998"))
    assert _with_card(town, old_stock).name == "Ada Okafor"
    assert town.journal("register_patron")[0].detail["override"] == ["code_misread"]


def test_a_card_number_belongs_to_one_patron(town: Town) -> None:
    town.register(1)
    blocks = town.refused(patrons.register, by=town.ben, card=card(1), home_branch_id=town.ela, details=DETAILS)
    assert [(block.reason, block.detail["holder"]) for block in blocks] == [(Reason.CODE_TAKEN, "patron")]


def test_a_number_taken_while_it_was_asked_for_is_refused_by_name(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.register(1)
    monkeypatch.setattr("lending.circulation.codes.holder", lambda session, text: None)
    verb: dict[str, Any] = {"card": card(1), "home_branch_id": town.ela, "details": DETAILS}
    assert town.reasons(patrons.register, by=town.ben, **verb) == [Reason.CODE_TAKEN]


def test_a_patron_of_another_branch_is_not_registered_or_changed(town: Town) -> None:
    public_id = town.register()
    verb: dict[str, Any] = {"card": card(2), "home_branch_id": town.ela, "details": DETAILS}
    assert town.reasons(patrons.register, by=town.cleo, **verb) == [Reason.NOT_PERMITTED]
    assert town.reasons(patrons.change, by=town.cleo, patron=public_id, details={"city": "Compton"}) == [
        Reason.NOT_PERMITTED
    ]
    moving: dict[str, Any] = {"patron": public_id, "details": {"home_branch_id": town.com}}
    assert town.reasons(patrons.change, by=town.ben, **moving) == [Reason.NOT_PERMITTED]
    town.act(patrons.change, by=town.ida, **moving)
    assert town.patron(public_id).home_branch_id == town.com


def test_a_branch_that_is_not_there_is_refused(town: Town) -> None:
    verb: dict[str, Any] = {"card": card(2), "home_branch_id": town.com + 1, "details": DETAILS}
    assert town.refused(patrons.register, by=town.ida, **verb) == [
        Block(Reason.VALUE_WRONG, {"field": "home_branch_id"})
    ]


def test_only_the_named_fields_change(town: Town) -> None:
    public_id = town.register(**HOME, email="ada@example.org", note="knows the way")
    changed = town.act(patrons.change, by=town.ben, patron=public_id, details={"email": None, "city": "Los Angeles"})
    row = town.patron(public_id)
    assert changed.fields == ("email",)
    assert (row.email, row.note, row.street) == (None, "knows the way", "4837 East Third Street")


def test_an_unknown_field_is_refused_and_nothing_changes(town: Town) -> None:
    public_id = town.register()
    verb: dict[str, Any] = {"patron": public_id, "details": {"name": "Eve", "blocked_reason": None}}
    assert town.refused(patrons.change, by=town.ben, **verb) == [Block(Reason.VALUE_WRONG, {"field": "blocked_reason"})]
    assert town.patron(public_id).name == "Ada Okafor"


def test_nobody_is_changed_under_an_unknown_id(town: Town) -> None:
    assert town.reasons(patrons.change, by=town.ben, patron="x" * 16, details={}) == [Reason.NOT_FOUND]


def test_one_door_is_one_household(town: Town) -> None:
    ada = town.register(1, **HOME)
    bo = town.register(2, name="Bo Okafor", street="4837 E 3rd St", postal_code="90022")
    cy = town.register(3, name="Cy Okafor", street="4837 E. Third St. #4", postal_code="90022-1234")
    homeless = town.register(4, name="Dee Ruiz", city="Los Angeles")
    assert town.patron(ada).household_id == town.patron(cy).household_id is not None
    assert town.patron(bo).household_id != town.patron(ada).household_id
    assert town.patron(homeless).household_id is None


def test_whoever_moves_changes_household(town: Town) -> None:
    ada = town.register(1, **HOME)
    before = town.patron(ada).household_id
    town.act(patrons.change, by=town.ben, patron=ada, details={"unit": "Apt 5"})
    assert town.patron(ada).household_id not in (before, None)
    town.act(patrons.change, by=town.ben, patron=ada, details={"street": None})
    assert town.patron(ada).household_id is None
    assert len(town.every(select(Household))) == 2


def test_consent_to_text_messages_keeps_its_time_and_wording(town: Town) -> None:
    ada = town.register(1)
    town.act(patrons.change, by=town.ben, patron=ada, details={"text_consent_wording": "Yes, text me."})
    assert town.patron(ada).text_consent_at == AT
    town.act(patrons.change, by=town.ben, patron=ada, details={"text_consent_wording": None})
    assert town.patron(ada).text_consent_at is None


def test_a_replaced_card_says_so_and_names_the_new_one(town: Town) -> None:
    ada = town.register(1)
    signed_in = town.patron(ada).session_version
    replaced = town.act(patrons.replace_card, by=town.ben, patron=ada, card=card(2), at=AT + timedelta(days=1))
    assert (replaced.old, replaced.card) == (card(1).text, card(2).text)
    assert _not_with_card(town, card(1)) == Block(Reason.CARD_REPLACED, {"card": card(1).text, "current": card(2).text})
    assert _with_card(town, card(2)).public_id == ada
    old = town.one(select(Card).where(Card.number == card(1).text))
    assert (old.end, old.ended_at) == (CardEnd.REPLACED, AT + timedelta(days=1))
    assert town.patron(ada).session_version != signed_in


def test_a_number_that_was_ever_given_out_is_not_given_again(town: Town) -> None:
    ada = town.register(1)
    town.act(patrons.replace_card, by=town.ben, patron=ada, card=card(2))
    assert town.reasons(patrons.replace_card, by=town.ben, patron=ada, card=card(1)) == [Reason.CODE_TAKEN]


def test_a_card_that_nobody_has_says_what_is_wrong_with_it(town: Town) -> None:
    assert _not_with_card(town, card(77)).reason is Reason.CARD_UNKNOWN
    assert _not_with_card(town, scan("29999000000019")).reason is Reason.CODE_MISREAD
    assert _not_with_card(town, scan("KIT-00042")).reason is Reason.CODE_NOT_A_CARD


def test_a_pin_is_kept_as_its_hash_and_signs_out_whoever_used_the_old_one(town: Town) -> None:
    ada = town.register()
    before = town.patron(ada)
    town.act(patrons.set_pin, by=town.ben, patron=ada, pin_hash="a hash")
    after = town.patron(ada)
    assert (before.pin_hash, after.pin_hash) == (None, "a hash")
    assert after.session_version != before.session_version
    assert [entry.detail for entry in town.journal("set_pin")] == [{}]
    assert town.reasons(patrons.set_pin, by=town.cleo, patron=ada, pin_hash=None) == [Reason.NOT_PERMITTED]


def test_a_block_by_hand_needs_a_reason_and_is_taken_back(town: Town) -> None:
    ada = town.register(1)
    assert town.reasons(patrons.block, by=town.ben, patron=ada, reason=" ") == [Reason.REASON_NEEDED]
    town.act(patrons.block, by=town.ben, patron=ada, reason="Please see the manager")
    assert town.patron(ada).blocked_reason == "Please see the manager"
    assert "manager" not in str(town.journal("block_patron")[0].detail)
    town.act(patrons.unblock, by=town.ben, patron=ada)
    assert town.patron(ada).blocked_reason is None
    assert town.reasons(patrons.unblock, by=town.ben, patron=ada) == [Reason.WRONG_STATE]


def test_looking_people_up_is_on_the_journal_without_what_was_typed(town: Town) -> None:
    ada = town.register(1)
    town.act(patrons.note_search, by=town.ben, found=3)
    town.act(patrons.note_look, by=town.ben, patron=ada)
    assert town.journal("search_patrons")[0].detail == {"found": 3}
    assert town.journal("look_at_patron")[0].patron == town.patron(ada).pseudonym


def test_two_who_register_at_one_new_address_share_its_household(town: Town) -> None:
    with ThreadPoolExecutor(4) as desks:
        ids = list(desks.map(lambda n: town.register(n, name=f"Patron {n}", **HOME), range(1, 9)))
    assert len({town.patron(public_id).household_id for public_id in ids}) == 1
