"""The command line as a whole: it starts fast, says sentences, and ends with codes that scripts read."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import column, select, table, update

from lending.circulation import sign_ins
from lending.circulation.sign_ins import Guess
from lending.cli import COMMANDS, web
from lending.cli.saying import saying
from lending.db import Database
from lending.domain.actors import Actor, Door
from lending.domain.permissions import Role
from lending.domain.second_factors import new_secret
from lending.models.people import ApiToken, Staff, StaffBranch
from lending.models.policies import Policy
from lending.passwords import matches
from tests.cast import ADA, KIT, LUIS, NOW, OPEN_KIT, OTHER_OPEN_KIT, assemble
from tests.circulation.kits_in_hand import lend


def test_help_names_every_command(lending: Any) -> None:
    done = lending("--help")
    assert done.exit_code == 0
    assert all(f"  {name} " in done.output for name in COMMANDS)


def test_every_command_explains_itself(lending: Any) -> None:
    for name in COMMANDS:
        done = lending(name, "--help")
        assert (done.exit_code, "Usage: " in done.output) == (0, True), name


def test_help_loads_neither_the_database_nor_the_web() -> None:
    program = (
        "import sys; from lending.cli import main; main(['--help'], standalone_mode=False); "
        "heavy = {'sqlalchemy', 'flask', 'alembic', 'gunicorn', 'rich', 'fpdf'} & set(sys.modules); "
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_wrong_setting_is_a_sentence(lending: Any) -> None:
    done = lending("db", "check", LENDING_ZONE="Mars/Olympus")
    assert (done.exit_code, done.stdout) == (78, "")
    assert done.stderr.startswith("ZONE (from the variable LENDING_ZONE) is wrong")


def test_a_database_without_tables_is_a_sentence(bare_url: str, lending: Any) -> None:
    done = lending("invariants", LENDING_DATABASE_URL=bare_url)
    assert (done.exit_code, done.stderr) == (69, "The database has no tables for this yet. Run: lending db upgrade\n")


def test_tables_that_wait_for_a_migration_are_not_served(
    bare_url: str, lending: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[object] = []
    monkeypatch.setattr(web, "serve", served.append)
    refused = (69, "The database has no tables for this yet. Run: lending db upgrade\n", [])
    bind = "127.0.0.1:0"
    done = lending("web", "--bind", bind, LENDING_DATABASE_URL=bare_url)
    assert (done.exit_code, done.stderr, served) == refused
    database = Database.from_url(bare_url)
    try:
        with database.migrating() as config:
            command.upgrade(config, "0001")
    finally:
        database.close()
    done = lending("web", "--bind", bind, LENDING_DATABASE_URL=bare_url)
    assert (done.exit_code, done.stderr, served) == refused
    assert lending("db", "upgrade", LENDING_DATABASE_URL=bare_url).exit_code == 0
    assert lending("web", "--bind", bind, LENDING_DATABASE_URL=bare_url).exit_code == 0
    assert len(served) == 1


def test_tables_of_a_newer_version_are_served(
    database: Database, lending: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[object] = []
    monkeypatch.setattr(web, "serve", served.append)
    version = table("alembic_version", column("version_num"))
    with database.write_engine.begin() as connection:
        found = connection.execute(select(version.c.version_num)).scalar_one()
        connection.execute(update(version).values(version_num="9999"))
    try:
        done = lending("web", "--bind", "127.0.0.1:0")
    finally:
        with database.write_engine.begin() as connection:
            connection.execute(update(version).values(version_num=found))
    assert (done.exit_code, len(served)) == (0, 1)


def test_a_database_that_is_not_there_is_a_sentence(lending: Any) -> None:
    done = lending("invariants", LENDING_DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    assert done.exit_code == 69
    assert done.stderr.startswith("The database cannot be used: ")
    assert "Traceback" not in done.output


def test_a_bug_stays_a_bug() -> None:
    with pytest.raises(ZeroDivisionError), saying():
        int(1 / 0)


# --- Database --------------------------------------------------------------------------------------------------


def test_upgrading_makes_a_library_that_can_lend(bare_url: str, lending: Any) -> None:
    assert lending("db", "upgrade", LENDING_DATABASE_URL=bare_url).exit_code == 0
    assert lending("db", "upgrade", LENDING_DATABASE_URL=bare_url).exit_code == 0
    done = lending("db", "check", LENDING_DATABASE_URL=bare_url)
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "Nothing waits and nothing is broken.")
    database = Database.from_url(bare_url)
    with database.read() as session:
        assert len(session.scalars(select(Policy.id)).all()) == 1
    database.close()


def test_migrations_that_wait_end_the_check_with_one(bare_url: str, lending: Any) -> None:
    if bare_url.startswith("sqlite"):
        Path(bare_url.removeprefix("sqlite:///")).touch()
    done = lending("db", "check", LENDING_DATABASE_URL=bare_url)
    assert (done.exit_code, "Migrations that wait: 0001" in done.output) == (1, True)


def test_a_copy_brings_everything_back(database: Database, lending: Any, tmp_path: Path) -> None:
    assemble(database)
    copy = str(tmp_path / "copy")
    assert lending("db", "backup", copy).exit_code == 0
    lending("staff", "add", "zoe", "--role", "desk")
    kept = lending("db", "restore", copy, input="n\n")
    assert (kept.exit_code, "holds a library" in kept.output) == (1, True)
    with database.read() as session:
        assert "zoe" in session.scalars(select(Staff.username)).all()
    assert lending("db", "restore", copy, input="y\n").exit_code == 0
    with database.read() as session:
        assert "zoe" not in session.scalars(select(Staff.username)).all()
    assert lending("invariants").exit_code in (0, 1)


def test_a_script_puts_a_copy_back_without_being_asked(database: Database, lending: Any, tmp_path: Path) -> None:
    assemble(database)
    copy = str(tmp_path / "copy")
    assert lending("db", "backup", copy).exit_code == 0
    assert lending("db", "restore", copy).exit_code == 1, "nobody is there to say yes"
    assert lending("db", "restore", copy, "--yes").exit_code == 0


def test_a_copy_that_is_none_is_a_sentence(lending: Any, tmp_path: Path) -> None:
    (tmp_path / "copy").write_bytes(b"not a copy")
    done = lending("db", "restore", str(tmp_path / "copy"))
    assert done.exit_code == 1
    assert "Traceback" not in done.output


# --- Staff -----------------------------------------------------------------------------------------------------


def test_an_account_is_added_with_its_branches_and_password(database: Database, lending: Any) -> None:
    cast = assemble(database)
    words = ("staff", "add", "zoe", "--role", "desk", "--branch", "ela", "--branch", "COM", "--password-stdin")
    assert lending(*words, input="correct horse battery\n").exit_code == 0
    with database.read() as session:
        zoe = session.scalars(select(Staff).where(Staff.username == "zoe")).one()
        reach = session.scalars(select(StaffBranch.branch_id).where(StaffBranch.staff_id == zoe.id)).all()
    assert (zoe.role, set(reach)) == (Role.DESK, {cast.ela, cast.com})
    assert matches("correct horse battery", zoe.password_hash)


def test_a_token_is_all_that_its_command_prints(database: Database, lending: Any) -> None:
    lending("staff", "add", "zoe", "--role", "admin")
    done = lending("staff", "token", "zoe")
    from lending.circulation.staff import token_digest

    with database.read() as session:
        assert session.scalars(select(ApiToken.digest)).all() == [token_digest(done.stdout.strip())]
    assert done.stdout == done.stdout.strip() + "\n"


def test_the_last_administrator_whose_second_factor_is_lost_gets_in_again(database: Database, lending: Any) -> None:
    lending("staff", "add", "zoe", "--role", "admin")
    secret = update(Staff).values(totp_secret=new_secret(), totp_confirmed_at=NOW)
    database.act(lambda session: session.execute(secret))
    assert lending("staff", "no-second-factor", "zoe").exit_code == 0
    with database.read() as session:
        assert session.scalars(select(Staff.totp_secret)).all() == [None]
    again = lending("staff", "no-second-factor", "zoe")
    assert (again.exit_code, again.stderr.count("\n")) == (66, 1)


def test_an_account_that_is_closed_signs_in_no_more_and_its_tokens_end(database: Database, lending: Any) -> None:
    lending("staff", "add", "zoe", "--role", "manager", "--password-stdin", input="correct horse battery\n")
    lending("staff", "token", "zoe")
    with database.read() as session:
        before = session.scalars(select(Staff.session_version).where(Staff.username == "zoe")).one()
    assert lending("staff", "deactivate", "zoe").exit_code == 0
    with database.read() as session:
        zoe = session.scalars(select(Staff).where(Staff.username == "zoe")).one()
        assert (zoe.active, zoe.password_hash, zoe.session_version == before) == (False, None, False)
        assert session.scalars(select(ApiToken.id).where(ApiToken.revoked_at.is_(None))).all() == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("deactivate", "nobody"), 66, "Nobody signs in as nobody."),
        (("token", "nobody"), 66, "Nobody signs in as nobody."),
        (("no-second-factor", "nobody"), 66, "Nobody signs in as nobody."),
        (("password", "nobody", "--password-stdin"), 66, "Nobody signs in as nobody."),
        (("add", "zoe", "--role", "desk", "--branch", "XXX"), 66, "There is no branch XXX."),
        (("add", "Zoë!", "--role", "desk"), 65, ""),
        (("add", "zoe", "--role", "desk", "--password-stdin"), 65, "A password has from 12"),
    ],
)
def test_what_is_wrong_with_an_account_is_a_sentence(lending: Any, words: Any, code: int, said: str) -> None:
    done = lending("staff", *words, input="short\n")
    assert (done.exit_code, done.stdout) == (code, "")
    assert done.stderr.startswith(said)


# --- Labels, journal, invariants, jobs -------------------------------------------------------------------------


def test_labels_are_printed_for_kits(database: Database, lending: Any, tmp_path: Path) -> None:
    assemble(database)
    file = tmp_path / "labels.pdf"
    done = lending("labels", KIT.lower(), OPEN_KIT, "--sheet", "5167", "--start-at", "80", "-o", str(file))
    assert (done.exit_code, done.stdout) == (0, "")
    assert file.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("KIT-9999",), 66, "KIT-9999"),
        ((KIT, "--start-at", "31"), 65, "no label number 31"),
        ((KIT, "--offset-x", "50"), 65, "offset must be between"),
        ((KIT, "--sheet", "5167", "--symbology", "code39"), 65, "is too wide"),
    ],
)
def test_labels_that_cannot_be_are_a_sentence(
    database: Database, lending: Any, tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    assemble(database)
    done = lending("labels", *words, "-o", str(tmp_path / "labels.pdf"))
    assert (done.exit_code, said in done.stderr) == (code, True), done.output
    assert not (tmp_path / "labels.pdf").exists()


def test_the_journal_is_sealed_and_verified(database: Database, lending: Any) -> None:
    cast = assemble(database)
    lend(database, cast)
    head = lending("journal", "seal").stdout.strip()
    assert head.startswith("1:")
    done = lending("journal", "verify", "--head", head)
    assert (done.exit_code, done.stdout.splitlines()) == (0, ["1 rows verified, 0 not sealed yet.", head])
    cut = lending("journal", "verify", "--head", "2" + head[1:])
    assert (cut.exit_code, cut.stdout.startswith("seal 2 ")) == (1, True)
    assert lending("journal", "verify", "--head", "nonsense").exit_code == 65


def test_a_broken_law_ends_with_one_and_names_the_row(database: Database, lending: Any) -> None:
    cast = assemble(database)
    lend(database, cast)
    from sqlalchemy import text

    database.act(lambda session: session.execute(text("UPDATE kits SET state = 'available'")))
    done = lending("invariants")
    assert done.exit_code == 1
    assert f"barcode={OPEN_KIT}" in done.stdout
    assert LUIS not in done.stdout


def test_a_sweep_is_run_as_if_it_were_another_instant(database: Database, lending: Any) -> None:
    from tests.circulation.kits_in_hand import back_without

    cast = assemble(database)
    lend(database, cast)
    back_without(database, cast, "Charger")
    assert lending("jobs", "run", "incomplete", "--at", NOW.isoformat()).stdout == "incomplete: 0 done.\n"
    assert lending("jobs", "run", "incomplete", "--at", "2026-05-01T12:00:00-07:00").stdout == "incomplete: 1 done.\n"
    assert lending("jobs", "run", "seals").exit_code == 0


def test_the_sweep_of_quarantine_frees_a_rested_kit(database: Database, lending: Any) -> None:
    from tests.circulation.test_turnaround import DONE, passed

    cast = assemble(database)
    database.act(lambda session: session.add(Policy(valid_from=NOW - timedelta(days=1), quarantine_hours=96)))
    passed(database, cast, *DONE)
    for hours, freed in ((90, 0), (97, 1), (98, 0)):
        at = (NOW + timedelta(hours=hours)).isoformat()
        assert lending("jobs", "run", "quarantine", "--at", at).stdout == f"quarantine: {freed} done.\n"


def test_the_sweep_of_the_shelf_ends_what_nobody_collected(database: Database, lending: Any) -> None:
    from tests.circulation.test_reserving import ask, mended
    from tests.circulation.test_shelf import SEVEN_OPEN_DAYS_LATER, shelve

    cast = assemble(database)
    mended(database, OTHER_OPEN_KIT)
    ask(database, cast, ADA)
    ask(database, cast, LUIS)
    shelve(database, cast)
    assert lending("jobs", "run", "shelf", "--at", NOW.isoformat()).stdout == "shelf: 0 done.\n"
    for done in (1, 0):
        at = SEVEN_OPEN_DAYS_LATER.isoformat()
        assert lending("jobs", "run", "shelf", "--at", at).stdout == f"shelf: {done} done.\n"


def test_the_sweep_of_sign_ins_forgets_guesses_and_ended_sessions(database: Database, lending: Any) -> None:
    database.act(lambda s: sign_ins.reserve_guess(s, Guess("staff:ben"), at=NOW))
    database.act(lambda s: sign_ins.end_session(s, digest="a" * 64, at=NOW))
    for minutes, forgotten in ((14, 0), (15, 1), (12 * 60, 1), (12 * 60, 0)):
        at = (NOW + timedelta(minutes=minutes)).isoformat()
        assert lending("jobs", "run", "sign-ins", "--at", at).stdout == f"sign-ins: {forgotten} done.\n"


@pytest.mark.parametrize(
    "wrong", ["yesterday", "2026-05-01T12:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"]
)
def test_an_instant_without_its_offset_is_refused(lending: Any, wrong: str) -> None:
    done = lending("jobs", "run", "incomplete", "--at", wrong)
    assert (done.exit_code, done.stdout) == (2, "")


def test_the_command_line_acts_as_the_system_through_its_own_door() -> None:
    from lending.cli.context import operator

    actor = operator()
    assert isinstance(actor, Actor)
    assert (actor.role, actor.door) == (Role.SYSTEM, Door.CLI)
    assert operator().act != actor.act


def test_the_sweeps_of_seats_pass_offers_on_and_complete_sessions(database: Database, lending: Any) -> None:
    from tests.programs.test_offers import one_seat_offered

    one_seat_offered(database, assemble(database))
    for name, days, done in (
        ("offers", 1, 0),
        ("offers", 3, 1),
        ("cohorts", 3, 0),
        ("cohorts", 40, 1),
        ("cohorts", 40, 0),
    ):
        at = (NOW + timedelta(days=days)).isoformat()
        assert lending("jobs", "run", name, "--at", at).stdout == f"{name}: {done} done.\n"
