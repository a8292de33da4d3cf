"""One confirmation online: registered, given and signed in one act, or nothing of it, on both engines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lending.circulation.acts import once
from lending.circulation.signing import SIGNED_NOTICE
from lending.db import Database
from lending.domain.actors import Actor
from lending.errors import Reason, Refused
from lending.models.cohorts import Enrolment
from lending.models.kits import KitType
from lending.models.people import Patron
from lending.models.policies import Agreement, AgreementAcceptance, AgreementRule, Policy, Signing
from lending.models.reservations import Reservation
from lending.programs.reserving_online import (
    Confirmed,
    Signature,
    Stranger,
    Wish,
    confirm,
    confirmed_before,
    texts_for,
)
from lending.queries.notices import Subject, facts_of
from tests.cast import ADA, LUIS, NOW, Cast
from tests.programs.members import notices

NADIA = Stranger({"name": "Nadia Haddad", "birth_date": "1988-04-02", "email": "nadia@example.org"}, "a")
SIGNED = Signature("Nadia Haddad", ("borrowing:en:1",))


def wish(cast: Cast, **given: Any) -> Wish:
    return replace(Wish("work-ready", cast.ela, "WR-7"), **given)


def asked(database: Database, cast: Cast, **given: Any) -> Confirmed:
    """Nadia, who has no card, confirms a seat with a kit."""
    values = {"whose": NADIA, "signature": SIGNED, "language": "en", "at": NOW, "by": cast.nobody, **given}
    wanted = values.pop("wanted", wish(cast))
    return database.act(lambda session: confirm(session, wanted, **values))


def everybody(database: Database) -> int:
    with database.read() as session:
        return session.scalars(select(func.count()).select_from(Patron)).one()


def why(database: Database, cast: Cast, **given: Any) -> list[Reason]:
    with pytest.raises(Refused) as refused:
        asked(database, cast, **given)
    return [block.reason for block in refused.value.blocks]


def test_a_newcomer_is_registered_enrolled_and_has_signed_in_one_act(database: Database, cast: Cast) -> None:
    done = asked(database, cast)
    with database.read() as session:
        nadia = session.scalars(select(Patron).where(Patron.public_id == done.patron)).one()
        seat = session.scalars(select(Enrolment).where(Enrolment.public_id == done.made)).one()
        signed = session.scalars(select(AgreementAcceptance).where(AgreementAcceptance.patron_id == nadia.id)).one()
        text = session.get_one(Agreement, signed.agreement_id)
    assert (seat.patron_id, signed.cohort_id) == (nadia.id, cast.cohort)
    assert (signed.how, signed.typed_name, text.version) == (Signing.ONLINE, "Nadia Haddad", 1)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"signature": Signature("", ("borrowing:en:1",))}, Reason.VALUE_MISSING),
        ({"signature": Signature("...", ("borrowing:en:1",))}, Reason.VALUE_MISSING),
        ({"signature": Signature("Nadia Haddad", ("borrowing:en:7",))}, Reason.AGREEMENT_CHANGED),
        ({"signature": Signature("Nadia Haddad")}, Reason.AGREEMENT_CHANGED),
        ({"whose": Stranger({"name": "Nadia Haddad"}, "a")}, Reason.VALUE_MISSING),
    ],
)
def test_what_is_refused_leaves_nobody_behind(
    database: Database, cast: Cast, given: dict[str, Any], reason: Reason
) -> None:
    before = everybody(database)
    assert reason in why(database, cast, **given)
    assert everybody(database) == before


def test_a_session_that_is_not_there_leaves_nobody_behind(database: Database, cast: Cast) -> None:
    before = everybody(database)
    assert why(database, cast, wanted=wish(cast, cohort="WR-99")) == [Reason.NOT_FOUND]
    assert everybody(database) == before


def test_a_second_tap_is_answered_like_the_first(database: Database, cast: Cast) -> None:
    """The same key, by two requests of one browser, each an actor of its own."""

    def tap(by: Actor) -> Confirmed:
        def do(session: Session) -> Confirmed:
            return once(
                session,
                by=by,
                key="k" * 16,
                body={"wish": "WR-7"},
                at=NOW,
                do=lambda: confirm(session, wish(cast), whose=NADIA, signature=SIGNED, language="en", at=NOW, by=by),
                again=lambda act: confirmed_before(session, act),
            )

        return database.act(do)

    before = everybody(database)
    assert tap(cast.nobody) == tap(cast.nobody)
    assert everybody(database) == before + 1


def test_a_patron_confirms_for_themselves_alone(database: Database, cast: Cast) -> None:
    assert why(database, cast, whose=ADA, by=cast.luis) == [Reason.NOT_PERMITTED]
    done = asked(database, cast, whose=LUIS, by=cast.luis, signature=Signature(), wanted=wish(cast, branch_id=cast.com))
    with database.read() as session:
        seat = session.scalars(select(Enrolment).where(Enrolment.public_id == done.made)).one()
    assert (seat.patron_id, seat.pickup_branch_id) == (cast.luis_id, cast.com)


def test_a_kit_without_a_session_is_reserved_and_signed_for_too(database: Database, cast: Cast) -> None:
    done = asked(database, cast, wanted=Wish("laptop-hotspot", cast.ela))
    with database.read() as session:
        kit = session.scalars(select(Reservation).where(Reservation.public_id == done.made)).one()
        assert session.query(AgreementAcceptance).filter_by(patron_id=kit.patron_id, cohort_id=None).count() == 1


def test_a_copy_of_what_was_signed_is_sent_to_whoever_has_an_address(database: Database, cast: Cast) -> None:
    asked(database, cast)
    [copy] = notices(database, SIGNED_NOTICE)
    with database.read() as session:
        facts = facts_of(session, copy.public_id, at=NOW)
    assert facts is not None
    assert (facts.subject, facts.agreement, facts.agreement_text, facts.signed_at) == (
        Subject.SIGNATURE,
        "Borrowing agreement",
        "I bring the kit back.",
        NOW,
    )
    by_phone = {"name": "Omid Rahimi", "birth_date": "1991-11-12", "phone": "213 555 0142"}
    asked(database, cast, whose=Stranger(by_phone, "a"))
    assert len(notices(database, SIGNED_NOTICE)) == 1


@pytest.mark.parametrize(
    ("rule", "signed_once", "of_newcomer"),
    [
        (AgreementRule.NONE, [], []),
        (AgreementRule.ONCE, [], ["borrowing"]),
        (AgreementRule.PER_COHORT, ["borrowing"], ["borrowing"]),
        (AgreementRule.PER_LOAN, [], []),
    ],
)
def test_what_is_to_be_signed_follows_the_policy(
    database: Database, cast: Cast, rule: AgreementRule, signed_once: list[str], of_newcomer: list[str]
) -> None:
    """Luis signed once, long ago; at every loan the desk asks."""
    database.act(lambda s: setattr(s.get_one(Policy, cast.policy), "agreement", rule))
    found = []
    with database.read() as session:
        for patron_id in (cast.luis_id, None):
            texts = texts_for(session, wish(cast), patron_id=patron_id, language="es", at=NOW)
            found.append([text.code for text in texts])
    assert found == [signed_once, of_newcomer]


def test_a_statement_of_need_is_signed_once_and_is_no_agreement_to_borrow(database: Database, cast: Cast) -> None:
    def ask_for_it(session: Session) -> None:
        session.get_one(KitType, cast.work_ready).statement = "need"
        for language, title in (("en", "Need"), ("es", "Necesidad")):
            given = {"code": "need", "version": 1, "language": language, "title": title}
            session.add(Agreement(**given, body="I need it.", published_on=NOW.date()))

    database.act(ask_for_it)

    def left(patron_id: int | None) -> list[str]:
        with database.read() as session:
            texts = texts_for(session, wish(cast), patron_id=patron_id, language="es", at=NOW)
            return [text.name for text in texts]

    assert left(None) == ["borrowing:en:1", "need:es:1"]
    assert left(cast.luis_id) == ["need:es:1"]
    signature = Signature("Luis Ramos", ("need:es:1",))
    asked(database, cast, whose=LUIS, by=cast.luis, signature=signature, language="es")
    assert left(cast.luis_id) == []
    database.act(lambda s: s.query(AgreementAcceptance).filter_by(patron_id=cast.luis_id, agreement_id=None).delete())
    assert left(cast.luis_id) == ["borrowing:en:1"], "the statement does not stand for the agreement"
