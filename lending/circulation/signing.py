"""Signing online: what somebody has to read and sign before a kit is theirs, and that they signed what they saw.

The borrowing agreement is signed as often as the policy of the kit's library says; what some kits ask for besides, as a
statement of need, once. Where the policy asks at every loan, the desk does.
Source: RULES 2, "agreement not signed (setting: once, per cohort, per loan; the accepted text and version are kept)";
RULES 8, "The patron signs a statement of need".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, case, exists, select
from sqlalchemy.orm import Session

from lending.circulation.checkout import BORROWING_AGREEMENT
from lending.circulation.checkout_statements import IS_NO_STATEMENT
from lending.circulation.policies import policy_for
from lending.circulation.telling import tell
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.registration import needed_text
from lending.errors import Reason, Refused
from lending.models.base import table_of
from lending.models.cohorts import Cohort, Program
from lending.models.kits import KitType
from lending.models.people import Patron
from lending.models.policies import Agreement, AgreementAcceptance, AgreementRule, Signing

SIGNED_NOTICE = "agreement_copy"
"""The step of the notice that carries a copy of what was signed, whose subject is the signature."""

_acceptances, _agreements = table_of(AgreementAcceptance).c, table_of(Agreement).c
_cohorts, _programs, _kit_types = table_of(Cohort).c, table_of(Program).c, table_of(KitType).c
_PATRON_ID = bindparam("patron_id", type_=_acceptances.patron_id.type)
_COHORT_ID = bindparam("cohort_id", type_=_cohorts.id.type)
_theirs = exists().where(_acceptances.patron_id == _PATRON_ID, IS_NO_STATEMENT)

# Built once: everybody who reserves asks.
_SIGNED = select(_theirs)
_SIGNED_FOR = select(_theirs.where(_acceptances.cohort_id == _COHORT_ID))
_OWN_AGREEMENT = (
    select(_programs.agreement_code)
    .join_from(table_of(Program), table_of(Cohort), _cohorts.program_id == _programs.id)
    .where(_cohorts.id == _COHORT_ID)
)
_STATEMENT = select(_kit_types.statement).where(_kit_types.id == bindparam("kit_type_id", type_=_kit_types.id.type))
_STATED = select(
    exists().where(
        _acceptances.patron_id == _PATRON_ID,
        _acceptances.agreement_id.in_(select(_agreements.id).where(_agreements.code == bindparam("code"))),
    )
)


@dataclass(frozen=True, slots=True)
class TextToSign:
    """A text that is to be read and signed: its code, language and version."""

    code: str
    language: str
    version: int
    title: str
    body: str

    @property
    def name(self) -> str:
        """What a form carries to say which text was read, as ``borrowing:en:3``."""
        return f"{self.code}:{self.language}:{self.version}"


def texts_to_sign(
    session: Session,
    *,
    patron_id: int | None,
    kit_type_id: int,
    branch_id: int,
    cohort_id: int | None,
    language: str,
    at: datetime,
) -> list[TextToSign]:
    """What a patron, or somebody nobody knows yet (``None``), has still to sign for a kit of a library and a session.

    In ``language`` where there is a text in it, else in whichever there is; what nobody published asks for nothing.
    """
    found = (
        _newest(session, code, language) for code in _codes(session, patron_id, kit_type_id, branch_id, cohort_id, at)
    )
    return [text for text in found if text is not None]


def sign_online(
    session: Session,
    *,
    patron_id: int,
    texts: Sequence[TextToSign],
    read: Sequence[str],
    typed_name: str,
    cohort_id: int | None,
    at: datetime,
    by: Actor,
) -> None:
    """Keep that a patron signed ``texts`` online by typing their name, and send a copy; part of another act.

    ``read`` names what stood on their page. Raises ``Refused``: ``NOT_PERMITTED``, ``AGREEMENT_CHANGED`` where another
    version was published since, ``VALUE_MISSING`` (``typed_name``) where nobody typed a name.
    """
    by.permit_for_patron(Act.RESERVE, patron_id)
    if not texts:
        return
    if not {text.name for text in texts} <= set(read):
        raise Refused.because(Reason.AGREEMENT_CHANGED)
    name = _name(typed_name)
    for text in texts:
        signature = AgreementAcceptance(
            patron_id=patron_id,
            agreement_id=_version(session, text),
            cohort_id=cohort_id,
            accepted_at=at,
            how=Signing.ONLINE,
            typed_name=name,
        )
        session.add(signature)
        session.flush()  # the copy names it
        if session.scalar(select(Patron.email).where(Patron.id == patron_id)):
            tell(session, SIGNED_NOTICE, subject=f"signature:{signature.id}", patron_id=patron_id, at=at)


def _name(typed: str) -> str:
    name = needed_text("typed_name", typed, 160)
    if not any(character.isalpha() for character in name):
        raise Refused.because(Reason.VALUE_MISSING, field="typed_name")
    return name


def _codes(
    session: Session, patron_id: int | None, kit_type_id: int, branch_id: int, cohort_id: int | None, at: datetime
) -> Iterator[str]:
    """The codes of what is still to be signed."""
    connection = session.connection()
    rule = policy_for(session, kit_type_id=kit_type_id, branch_id=branch_id, at=at).agreement
    if rule in (AgreementRule.ONCE, AgreementRule.PER_COHORT) and not _signed(session, patron_id, rule, cohort_id):
        yield connection.scalar(_OWN_AGREEMENT, {"cohort_id": cohort_id}) or BORROWING_AGREEMENT
    statement = connection.scalar(_STATEMENT, {"kit_type_id": kit_type_id})
    stated = {"patron_id": patron_id, "code": statement}
    if statement is not None and (patron_id is None or not connection.scalar(_STATED, stated)):
        yield statement


def _signed(session: Session, patron_id: int | None, rule: AgreementRule, cohort_id: int | None) -> bool:
    """As a check-out asks: for the session, or once for all."""
    if patron_id is None:
        return False
    for_this = rule is AgreementRule.PER_COHORT and cohort_id is not None
    asked = {"patron_id": patron_id, **({"cohort_id": cohort_id} if for_this else {})}
    return bool(session.connection().scalar(_SIGNED_FOR if for_this else _SIGNED, asked))


def _newest(session: Session, code: str, language: str) -> TextToSign | None:
    """The newest version of a text in a language, or in whichever language it was last published."""
    chosen = (
        select(Agreement)
        .where(Agreement.code == code)
        .order_by(case((Agreement.language == language, 0), else_=1), Agreement.version.desc(), Agreement.id.desc())
    )
    found = session.scalars(chosen.limit(1)).first()
    if found is None:
        return None
    return TextToSign(found.code, found.language, found.version, found.title, found.body)


def _version(session: Session, text: TextToSign) -> int:
    chosen = select(Agreement.id).where(
        Agreement.code == text.code, Agreement.language == text.language, Agreement.version == text.version
    )
    return session.scalars(chosen).one()
