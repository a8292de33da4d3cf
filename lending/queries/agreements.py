"""Agreements as they were published, each version with how many people signed it. Nobody is named.

Source: RULES 2, "the accepted text and version are kept".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.orm import Session, aliased

from lending.errors import Reason, Refused
from lending.models.policies import Agreement, AgreementAcceptance


@dataclass(frozen=True, slots=True)
class AgreementShown:
    """One version of an agreement in one language. ``signed``: by how many people; ``current``: signed from now on."""

    code: str
    language: str
    version: int
    title: str
    body: str
    published_on: date
    signed: int
    current: bool


_later = aliased(Agreement)
_signed = (
    select(func.count(AgreementAcceptance.patron_id.distinct()))
    .where(AgreementAcceptance.agreement_id == Agreement.id)
    .correlate(Agreement)
    .scalar_subquery()
)
_newest = (
    select(func.max(_later.version))
    .where(_later.code == Agreement.code, _later.language == Agreement.language)
    .correlate(Agreement)
    .scalar_subquery()
)


def agreements(session: Session) -> list[AgreementShown]:
    """Every version, by code and language, the newest first."""
    return _found(session, true())


def agreement(session: Session, code: str, language: str, version: int | None = None) -> AgreementShown:
    """One version, or the newest. Raises ``Refused`` (``NOT_FOUND``) when there is none."""
    is_it = (Agreement.code == code) & (Agreement.language == language)
    found = _found(session, is_it if version is None else is_it & (Agreement.version == version))
    if not found:
        raise Refused.because(Reason.NOT_FOUND)
    return found[0]


def _found(session: Session, condition: ColumnElement[bool]) -> list[AgreementShown]:
    chosen: Select[Agreement, int, int] = select(Agreement, _signed, _newest).where(condition)
    rows = session.execute(chosen.order_by(Agreement.code, Agreement.language, Agreement.version.desc()))
    return [
        AgreementShown(
            code=row.code,
            language=row.language,
            version=row.version,
            title=row.title,
            body=row.body,
            published_on=row.published_on,
            signed=signed,
            current=row.version == newest,
        )
        for row, signed, newest in rows
    ]
