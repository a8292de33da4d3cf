"""Agreements are published in versions that are never changed, on both engines."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from lending.circulation.agreements import Published, publish_agreement
from lending.circulation.checkout import check_out
from lending.circulation.journal import UNCHANGED
from lending.db import Database
from lending.errors import Reason, Refused
from lending.models.journal import JournalEntry
from lending.models.policies import Agreement, AgreementAcceptance, Signing
from lending.queries.agreements import agreement, agreements
from tests.cast import LUIS, MINA, NOW, OPEN_KIT, OTHER_OPEN_KIT, Cast

TEXT = "I bring the kit back.\n\nI tell the library when a part is lost."


def publish(database: Database, cast: Cast, **given: str) -> Published:
    """Eli publishes a text."""
    said = {"code": "borrowing", "language": "en", "title": "Borrowing agreement", "body": TEXT, **given}
    return database.act(lambda session: publish_agreement(session, **said, at=NOW, by=cast.eli))


def test_a_new_version_stands_beside_the_one_that_was_signed(database: Database, cast: Cast) -> None:
    assert publish(database, cast) == Published("borrowing", "en", 2)
    with database.read() as session:
        rows = session.execute(select(Agreement.version, Agreement.body).order_by(Agreement.version)).all()
        (entry,) = session.scalars(select(JournalEntry).where(JournalEntry.verb == "publish_agreement"))
    assert [tuple(row) for row in rows] == [(1, "I bring the kit back."), (2, TEXT)]
    assert (entry.detail["version"], entry.detail["language"], entry.staff_id) == (2, "en", cast.eli.staff_id)


def test_each_language_counts_its_own_versions(database: Database, cast: Cast) -> None:
    assert publish(database, cast, language="es", title="Acuerdo", body="Devuelvo el equipo.").version == 1
    assert publish(database, cast, code="partners", title="Partners").version == 1


def test_the_text_that_is_signed_now_published_again_changes_nothing(database: Database, cast: Cast) -> None:
    first = publish(database, cast)
    assert publish(database, cast, body=f"\r\n{TEXT}  \n".replace("\n\n", "\r\n\r\n")) == first
    with database.read() as session:
        verbs = session.scalars(select(JournalEntry.verb).order_by(JournalEntry.id)).all()
    assert verbs == ["publish_agreement", UNCHANGED]


def test_who_signs_from_now_on_signs_the_newest_and_each_version_says_by_how_many(
    database: Database, cast: Cast
) -> None:
    def sign(patron: str, kit: str) -> None:
        lend = {"patron": patron, "kit": kit, "branch_id": cast.ela, "signed": Signing.AT_DESK, "by": cast.ben}
        database.act(lambda session: check_out(session, **lend, at=NOW))  # type: ignore[arg-type]  # one dict of all arguments

    sign(LUIS, OTHER_OPEN_KIT)
    publish(database, cast)
    sign(MINA, OPEN_KIT)
    with database.read() as session:
        signed = session.scalars(
            select(Agreement.version)
            .join(AgreementAcceptance, AgreementAcceptance.agreement_id == Agreement.id)
            .order_by(AgreementAcceptance.id)
        ).all()
        assert signed == [1, 2]
        assert [(one.version, one.signed, one.current) for one in agreements(session)] == [(2, 1, True), (1, 1, False)]
        assert agreement(session, "borrowing", "en").version == 2


@pytest.mark.parametrize(
    ("given", "reason", "field"),
    [
        ({"title": "  "}, Reason.VALUE_MISSING, "title"),
        ({"body": "\n"}, Reason.VALUE_MISSING, "body"),
        ({"body": "x" * 20_001}, Reason.VALUE_WRONG, "body"),
        ({"title": "x" * 161}, Reason.VALUE_WRONG, "title"),
        ({"language": "klingon"}, Reason.VALUE_WRONG, "language"),
        ({"language": "ES"}, Reason.VALUE_WRONG, "language"),
        ({"code": "Borrowing!"}, Reason.VALUE_WRONG, "code"),
    ],
)
def test_what_cannot_be_signed_is_not_published(
    database: Database, cast: Cast, given: dict[str, str], reason: Reason, field: str
) -> None:
    with pytest.raises(Refused) as refusal:
        publish(database, cast, **given)
    assert [(block.reason, block.detail["field"]) for block in refusal.value.blocks] == [(reason, field)]


def test_only_an_administrator_publishes(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refusal:
        database.act(
            lambda session: publish_agreement(
                session, code="borrowing", language="en", title="Mine", body="Mine.", at=NOW, by=cast.dora
            )
        )
    assert [block.reason for block in refusal.value.blocks] == [Reason.NOT_PERMITTED]
