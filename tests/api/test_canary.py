"""BATTERY S11: somebody with an unmistakable name lives a whole life with the library, and afterwards is nowhere.

They are registered, enrolled, attend, borrow, are late and told so by a real mail server, telephoned, referred, have
trouble with the kit, bring it back, and are erased. Then the database's own file and its log, or a dump of every table,
every file in the instance folder and everything that was logged are searched for them. The search is seen to find them
before, and in the copy of the night before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from lending import settings
from lending.circulation.erasure import erase
from lending.circulation.problems import tell_problem
from lending.db import Database
from lending.domain.barcodes import library_code
from lending.jobs.sweeps import SWEEPS
from lending.library import Library
from lending.models import Base
from lending.models.kits import Part
from lending.models.loans import Loan
from lending.models.people import Patron
from lending.models.privacy import LedgerEntry
from lending.models.tasks import Task, TaskKind
from lending.queries.ledger import ledger_rows
from tests.api.conftest import Door
from tests.api.test_cases import DONE, check_out, parts
from tests.cast import LUIS, NOW, OPEN_KIT
from tests.circulation.kits_in_hand import only, rows
from tests.mail.peer import Peer, mail_server
from tests.programs.meetings import meeting

CARD = library_code("2", "9999", 77553311)
CANARY = {
    "card": CARD,
    "name": "Zephyrine Quackenbush-Okonkwo",
    "birth_date": "1987-11-23",
    "email": "zephyrine.q@example.org",
    "phone": "+12135559797",
    "address": {"street": "4711 Canary Wharf Lane", "unit": "77B", "city": "Los Angeles", "postal_code": "90022"},
    "home_branch": "ELA",
    "language": "en",
}
WORDS = ("Quackenbush said the keys stick", "Spoke to the Quackenbush household")
TRACES = (
    *("Zephyrine", "zephyrine", "Quackenbush", "quackenbush", "Okonkwo"),
    *(CARD, "1987-11-23", "5559797", "Canary Wharf", "canary wharf"),
)
LIBRARY_DAYS = timedelta(days=1)


@dataclass
class Life:
    """The library in which the canary lives, and where traces might be."""

    door: Door
    opened: Library
    folder: Path
    peer: Peer
    said: list[str] = field(default_factory=list)

    @property
    def database(self) -> Database:
        return self.door.database

    def sweep(self, *names: str, at: datetime) -> None:
        self.door.clock.at = at
        for name in names:
            SWEEPS[name](self.opened, at)

    def canary(self) -> Patron:
        return only(self.database, Patron, Patron.id > self.door.cast.mina_id)


@pytest.fixture
def life(both: Door, tmp_path: Path) -> Iterator[Life]:
    peer = Peer()
    with mail_server(peer) as url:
        given = {"profile": "testing", "secret_key": "k" * 32, "smtp_url": url, "notices_a_second": 0}
        opened = Library(both.database, both.clock, None, settings.load({}, instance=tmp_path, given=given))
        both.app.extensions["lending"] = opened
        yield Life(both, opened, tmp_path, peer)


def live(life: Life) -> datetime:
    """The canary's life until everything about it is over; when that is."""
    door, ben = life.door, life.door.ben
    ecf = update(Part).where(Part.serial.is_(None)).values(fund="ECF 2021")
    door.database.act(lambda session: session.execute(ecf) and None)
    done(ben.post("/patrons", CANARY))
    done(ben.get(f"/patrons/{CARD}"), 200)
    joined = {"patron": CARD, "kit": False, "pickup_branch": "ELA", "agreement": True}
    done(ben.post("/cohorts/WR-7/enrolments", joined))
    workshop = meeting(door.database, door.cast)
    done(ben.post(f"/workshops/{workshop}/attendance", {"patron": CARD, "mode": "onsite"}))
    loan = check_out(ben, OPEN_KIT, CARD, agreement=True)
    trouble(life, loan["id"])
    sent = {"branch": "ELA", "sent_to": "worksource", "reason": "job_search", "patron": CARD}
    day = {"referred_on": "2026-03-03", "consented_on": "2026-03-03"}
    done(ben.post("/referrals", {**sent, **day}))
    late = NOW + timedelta(days=58)
    life.sweep("overdue", "notices", at=late)
    assert any("Zephyrine" in str(letter) for letter in life.peer.taken), "the overdue notice went out"
    phoned(life)
    done(ben.post("/returns", {"kit": OPEN_KIT, "branch": "ELA"}))
    done(ben.post("/inspections", {"kit": OPEN_KIT, "parts": parts(ben, OPEN_KIT), "steps": DONE}))
    life.sweep("notices", "seals", at=late + timedelta(hours=1))
    return late + timedelta(hours=1)


def done(answer: Any, status: int = 201) -> None:
    assert answer.status_code == status, answer.text


def trouble(life: Life, loan: str) -> None:
    """The canary tells of a problem on their own pages, in words."""
    by = replace(life.door.cast.ada, patron_id=life.canary().id)
    told = {"loan": loan, "part_id": None, "is_missing": False, "words": WORDS[0]}
    life.database.act(lambda session: tell_problem(session, **told, at=NOW, by=by))


def phoned(life: Life) -> None:
    """Staff telephone, and write down what was said."""
    for task in rows(life.database, Task, Task.closed_at.is_(None), Task.kind.in_([TaskKind.CALL, TaskKind.PROBLEM])):
        done(life.door.ben.post(f"/tasks/{task.public_id}/finish", {"outcome": WORDS[1]}))


def traces(life: Life) -> set[tuple[str, str]]:
    """Where anything of the canary is found, and what: in the database itself, and in every file of the library."""
    found = {("database", trace) for trace in TRACES if trace.encode() in everything_in(life.database)}
    for file in life.folder.rglob("*"):
        if file.is_file() and not file.name.startswith("library.db"):
            content = file.read_bytes()
            found |= {(file.name, trace) for trace in TRACES if trace.encode() in content}
    return found


def everything_in(database: Database) -> bytes:
    """The bytes of a SQLite file and all that lies beside it, or of every value of every PostgreSQL table."""
    if database.is_sqlite:
        file = Path(str(database.write_engine.url.database))
        return b"".join(one.read_bytes() for one in sorted(file.parent.glob(f"{file.name}*")))
    dump = []
    with database.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(text(f'SELECT * FROM "{table.name}"')):  # noqa: S608 - a table of the models
                dump += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    return b"\n".join(bytes(value) for value in dump)


def test_an_erased_life_leaves_no_trace(life: Life, capfd: pytest.CaptureFixture[str]) -> None:
    over = live(life)
    before = traces(life)
    assert {trace for _, trace in before} >= {*TRACES} - {"Okonkwo"} - {CARD} | {CARD}, "the search sees a leak"
    life.sweep("backup", at=over)
    name, seal = life.canary().public_id, life.opened.name_seal()
    life.database.act(lambda session: erase(session, patron=name, seal=seal, at=over, by=life.door.cast.eli))
    life.sweep("privacy", at=over + LIBRARY_DAYS)
    left = {where for where, _ in traces(life)}
    copies = {file.name for file in (life.folder / "backups").iterdir()}
    if life.database.is_sqlite:
        assert left == copies, "the copy of the night before holds the name, as its page says, and nothing else does"
    else:
        assert left <= copies
    life.sweep("backup", at=over + 2 * LIBRARY_DAYS)
    newest = max((life.folder / "backups").iterdir())
    assert newest.name not in {where for where, _ in traces(life)}
    logged = "".join(capfd.readouterr())
    assert [trace for trace in TRACES if trace in logged] == []


def test_the_sealed_ledger_alone_still_knows_the_name(life: Life) -> None:
    over = live(life)
    name, seal = life.canary().public_id, life.opened.name_seal()
    life.database.act(lambda session: erase(session, patron=name, seal=seal, at=over, by=life.door.cast.eli))
    assert rows(life.database, LedgerEntry)
    with life.database.read() as session:
        assert {row.name for row in ledger_rows(session, seal)} == {CANARY["name"]}


def test_after_the_cut_the_person_is_known_and_nothing_they_did(life: Life) -> None:
    over = live(life)
    life.sweep("cohorts", at=over + LIBRARY_DAYS)
    life.sweep("privacy", at=over + timedelta(days=400))
    person = life.canary()
    assert person.name == CANARY["name"]
    with life.database.read() as session:
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                if any(key.column.table.name == "patrons" for key in column.foreign_keys):
                    named = session.execute(select(column).where(column == person.id)).all()
                    assert (table.name, named) == (table.name, [(person.id,)] if table.name == "cards" else [])
    everything = everything_in(life.database)
    assert [words for words in WORDS if words.encode() in everything] == []
    assert person.created_at.tzinfo is UTC
    assert only(life.database, Loan).patron_id is None


def test_who_had_the_kit_is_said_by_nothing_after_the_cut(life: Life) -> None:
    over = live(life)
    life.sweep("cohorts", at=over + LIBRARY_DAYS)
    life.sweep("privacy", at=over + timedelta(days=400))
    pseudonym = life.canary().pseudonym
    with life.database.read() as session:
        acts = session.execute(text("SELECT DISTINCT act FROM journal WHERE kit_id IS NOT NULL")).scalars().all()
        beside = session.execute(text("SELECT act FROM journal WHERE patron = :p"), {"p": pseudonym}).scalars().all()
    assert set(acts) & set(beside) == set()
    assert beside, "the journal still names the record's own acts"


def test_a_card_that_was_erased_is_unknown(life: Life) -> None:
    over = live(life)
    name, seal = life.canary().public_id, life.opened.name_seal()
    life.database.act(lambda session: erase(session, patron=name, seal=seal, at=over, by=life.door.cast.eli))
    assert life.door.ben.get(f"/patrons/{CARD}").status_code == 404
    assert life.door.ben.get(f"/patrons/{LUIS}").status_code == 200
