"""Importing patrons: every row checked, all or nothing, one act."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, update

from lending.circulation.imports.bulk import new_public_ids
from lending.circulation.imports.patrons import PatronPlan, plan_patrons, write_patrons
from lending.circulation.imports.report import Fault, Report
from lending.circulation.imports.sheets import read_sheet
from lending.db import Database
from lending.domain.barcodes import library_code
from lending.errors import Reason, Refused
from lending.models.base import PUBLIC_ID_ALPHABET, new_public_id
from lending.models.kits import Kit, Part
from lending.models.people import Card, CardEnd, Household, Patron, PatronStatus
from tests.circulation.town import AT, SPACES, Town, town_in

HEADER = "card,name,birth_date,home_branch,email,phone,street,unit,city,postal_code,language,expires_on,note"


@pytest.fixture
def town(database: Database) -> Town:
    return town_in(database)


def number(sequence: int) -> str:
    return library_code("2", "9999", sequence)


def line(sequence: int, name: str = "Amina Diallo", **changes: str) -> str:
    cells = {
        "card": number(sequence),
        "name": name,
        "birth_date": "1990-02-28",
        "home_branch": "ELA",
        "email": "amina@example.org",
        "phone": "(213) 555-0142",
        "street": "4837 E 3rd St",
        "unit": "Apt 4",
        "city": "Los Angeles",
        "postal_code": "90022",
        "language": "fr",
        "expires_on": "2028-06-30",
        "note": "",
    } | changes
    return ",".join(cells[column] for column in HEADER.split(","))


def plan(town: Town, *lines: str, header: str = HEADER) -> PatronPlan:
    sheet = read_sheet("\n".join((header, *lines)).encode())
    with town.database.read() as session:
        return plan_patrons(session, sheet, spaces=SPACES, at=AT)


def write(town: Town, made: PatronPlan) -> Report:
    return town.act(write_patrons, plan=made, file="digest", by=town.ida)


def take_in(town: Town, *lines: str, header: str = HEADER) -> Report:
    return write(town, plan(town, *lines, header=header))


def faults(town: Town, *lines: str, header: str = HEADER) -> list[tuple[int, str | None, Any]]:
    return [
        (problem.row, problem.column, problem.what) for problem in plan(town, *lines, header=header).report.problems
    ]


def patron_of(town: Town, sequence: int) -> Patron:
    found: Patron = town.one(select(Patron).join(Card).where(Card.number == number(sequence)))
    return found


def test_a_patron_of_the_file_is_as_one_registered_at_the_desk(town: Town) -> None:
    assert take_in(town, line(1)) == Report(1, 1)
    registered = town.patron(
        town.register(
            2,
            name="Amina Diallo",
            email="amina@example.org",
            phone="(213) 555-0142",
            street="4837 E 3rd Street #4",
            city="Los Angeles",
            postal_code="90022",
            language="fr",
            expires_on="2028-06-30",
        )
    )
    imported = patron_of(town, 1)
    same = ("name", "name_key", "birth_date", "email", "phone", "language", "expires_on", "household_id", "status")
    same += ("home_branch_id", "keeps_history", "blocked_reason", "pin_hash", "merged_into_id", "created_at")
    for column in same:
        assert getattr(imported, column) == getattr(registered, column), column
    ids = {imported.public_id, imported.pseudonym, imported.session_version}
    assert len(ids) == 3
    assert all(len(each) == 16 for each in ids)
    assert town.register(3, name="After An Import")


def test_one_household_is_made_of_one_address(town: Town) -> None:
    take_in(town, line(1), line(2, "Ousmane Diallo", street="4837 East 3rd Street", unit="#4"), line(3, street=""))
    assert [patron_of(town, n).household_id for n in (1, 2)] == [patron_of(town, 1).household_id] * 2
    assert patron_of(town, 3).household_id is None
    assert len(town.every(select(Household.id))) == 1


def test_an_import_is_one_act_on_the_journal(town: Town) -> None:
    take_in(town, line(1), line(2))
    (entry,) = town.journal("import_patrons")
    assert entry.detail == {"file": "digest", "added": 2, "changed": 0, "unchanged": 0}


def test_a_file_imported_twice_changes_nothing(town: Town) -> None:
    take_in(town, line(1), line(2))
    assert take_in(town, line(1), line(2)) == Report(2, 0, 0, 2)


def test_a_known_card_changes_what_the_file_says_otherwise(town: Town) -> None:
    take_in(town, line(1), line(2))
    assert take_in(town, line(1, "Amina Diallo-Sy", unit="Apt 9"), line(2)) == Report(2, 0, 1, 1)
    changed = patron_of(town, 1)
    assert (changed.name, changed.name_key, changed.unit) == ("Amina Diallo-Sy", "amina diallo sy", "Apt 9")
    assert changed.household_id != patron_of(town, 2).household_id
    (entry,) = town.journal("change_patron")
    assert (entry.patron, entry.detail) == (changed.pseudonym, {"fields": ["name", "unit"]})


def test_a_consent_to_texts_and_a_refusal_of_mail_go_with_the_number_and_the_address(town: Town) -> None:
    take_in(town, line(1), line(2))
    known = {"text_consent_at": AT, "text_consent_wording": "Text me.", "email_refused_at": AT}
    town.database.act(lambda session: session.execute(update(Patron).values(**known)))
    take_in(town, line(1, phone="(213) 555-0199"), line(2, email="amina@example.net"))
    kept = [(patron.text_consent_at, patron.email_refused_at) for patron in (patron_of(town, 1), patron_of(town, 2))]
    assert kept == [(None, AT), (AT, None)]
    assert patron_of(town, 1).text_consent_wording is None


def test_a_column_that_the_file_has_not_is_left_alone(town: Town) -> None:
    take_in(town, line(1))
    header = "card,name,birth_date,home_branch"
    assert take_in(town, f"{number(1)},Amina Sy,1990-02-28,COM", header=header) == Report(1, 0, 1)
    changed = patron_of(town, 1)
    assert (changed.email, changed.language, changed.home_branch_id) == ("amina@example.org", "fr", town.com)
    assert changed.household_id is not None


def test_a_new_patron_without_a_language_column_reads_english(town: Town) -> None:
    header = "card,name,birth_date,home_branch"
    take_in(town, f"{number(1)},Amina Sy,1990-02-28,ela", header=header)
    assert patron_of(town, 1).language == "en"


def test_everything_wrong_is_told_by_row_and_column(town: Town) -> None:
    bad_digit = number(9)[:-1] + str((int(number(9)[-1]) + 1) % 10)
    found = faults(
        town,
        line(1, birth_date="28.02.1990"),
        line(2, home_branch="XXX"),
        line(3, card=bad_digit),
        line(4, card="39999000000016"),
        line(5, card="not a card"),
        line(6, card=""),
        line(7, name=""),
        line(8, email="nobody"),
        line(9, phone="12"),
        line(10, language="klingon"),
        line(11, expires_on="2028-02-30"),
        line(12, birth_date="2999-01-01", home_branch=""),
        line(13, note="=1+1"),
        line(14),
        line(14, "Somebody Else"),
    )
    assert found == [
        (2, "birth_date", Fault.WRONG),
        (3, "home_branch", Fault.UNKNOWN_BRANCH),
        (4, "card", Fault.BAD_CHECK_DIGIT),
        (5, "card", Fault.NOT_A_CARD),
        (6, "card", Fault.NOT_A_CARD),
        (7, "card", Fault.MISSING),
        (8, "name", Fault.MISSING),
        (9, "email", Fault.WRONG),
        (10, "phone", Fault.WRONG),
        (11, "language", Fault.WRONG),
        (12, "expires_on", Fault.WRONG),
        (13, "home_branch", Fault.MISSING),
        (13, "birth_date", Fault.WRONG),
        (14, "note", Fault.FORMULA),
        (16, "card", Fault.REPEATED),
    ]


def test_a_problem_never_repeats_what_stood_in_the_cell(town: Town) -> None:
    problems = plan(town, line(1, email="secret@"), line(2, home_branch="secret"), line(3, card="secret")).problems
    assert "secret" not in repr(problems)


def test_nothing_is_written_when_one_row_is_wrong(town: Town) -> None:
    made = plan(town, line(1), line(2, home_branch="XXX"))
    with pytest.raises(ValueError, match="problems"):
        write(town, made)
    assert town.every(select(Patron.id)) == []


def test_a_card_with_the_code_of_a_kit_or_a_part_is_told(town: Town) -> None:
    def old_stock(session: Any) -> None:
        kit = session.get(Kit, session.scalar(select(Kit.id)))
        kit.barcode = number(1)
        session.scalars(select(Part).limit(1)).one().tag = number(2)

    town.add_kit()
    town.database.act(old_stock)
    assert faults(town, line(1), line(2)) == [(2, "card", Fault.CODE_TAKEN), (3, "card", Fault.CODE_TAKEN)]


def test_a_card_that_was_replaced_or_merged_is_told(town: Town) -> None:
    def ended(session: Any) -> None:
        for sequence, end in ((1, CardEnd.REPLACED), (2, CardEnd.MERGED)):
            found = session.scalars(select(Card).where(Card.number == number(sequence))).one()
            found.ended_at, found.end = AT, end

    take_in(town, line(1), line(2))
    town.database.act(ended)
    assert faults(town, line(1), line(2)) == [(2, "card", Fault.CARD_ENDED), (3, "card", Fault.CARD_MERGED)]


def test_a_card_given_out_since_the_check_stops_everything(town: Town) -> None:
    made = plan(town, line(1), line(2))
    town.register(2)
    with pytest.raises(Refused) as refused:
        write(town, made)
    assert [block.reason for block in refused.value.blocks] == [Reason.CHANGED_SINCE]
    assert len(town.every(select(Patron.id))) == 1


def test_a_record_merged_since_the_check_stops_everything(town: Town) -> None:
    def merge(session: Any) -> None:
        session.scalars(select(Patron).join(Card).where(Card.number == number(1))).one().status = PatronStatus.ERASED

    take_in(town, line(1))
    made = plan(town, line(1, "New Name"), line(2))
    town.database.act(merge)
    with pytest.raises(Refused):
        write(town, made)
    assert len(town.every(select(Patron.id))) == 1


def test_only_an_administrator_imports(town: Town) -> None:
    made = plan(town, line(1))
    assert town.reasons(write_patrons, plan=made, file="digest", by=town.mona) == [Reason.NOT_PERMITTED]


def test_ten_thousand_patrons_go_in_with_every_index_and_key_whole(town: Town) -> None:
    assert take_in(town, *(line(n, street=f"{n % 3000 + 1} Main St") for n in range(1, 10_001))) == Report(
        10_000, 10_000
    )
    with town.database.read() as session:
        assert session.scalar(select(func.count(Patron.id.distinct())).join(Card)) == 10_000
        assert session.scalar(select(func.count(Household.id))) == 3_000
    assert town.database.check().problems == ()
    assert town.register(20_000, name="Later")


def test_names_made_in_bulk_are_like_those_made_one_by_one() -> None:
    made = new_public_ids(5_000)
    assert len(set(made)) == len(made) == 5_000
    assert {len(each) for each in made} == {len(new_public_id())}
    letters = "".join(made)
    assert set(letters) == set(PUBLIC_ID_ALPHABET)
    shares = [letters.count(letter) / len(letters) * len(PUBLIC_ID_ALPHABET) for letter in PUBLIC_ID_ALPHABET]
    assert 0.9 < min(shares) <= max(shares) < 1.1
