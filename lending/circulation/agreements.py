"""Agreements: the text that patrons sign, in versions that are never changed.

A new version of a language takes the place of the one before for whoever signs from then on; who has signed keeps the
version they signed. Source: RULES 2, "the accepted text and version are kept"; issue "Kits follow cohorts", Build 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.codes import refusing_twins
from lending.circulation.journal import record, record_unchanged
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.registration import is_storable, plain_text
from lending.errors import Block, Reason, Refused
from lending.models.branches import Branch
from lending.models.policies import Agreement

LONGEST_TITLE: Final = 160
LONGEST_BODY: Final = 20_000
"""Characters: some six printed pages, more than anybody reads at a desk."""


@dataclass(frozen=True, slots=True)
class Published:
    """The version that is signed from now on, in its language."""

    code: str
    language: str
    version: int


def publish_agreement(
    session: Session, *, code: str, language: str, title: str, body: str, at: datetime, by: Actor
) -> Published:
    """Publish the next version of an agreement (its code) in a language (such as ``es``), or the first one.

    The text of the version that is signed now, given again, changes nothing. Raises ``Refused``: ``NOT_PERMITTED``,
    ``VALUE_MISSING`` or ``VALUE_WRONG`` for every field that is, ``CHANGED_SINCE`` where somebody else published one at
    the same moment.
    """
    by.permit(Act.ADMINISTER)
    title, body = title.strip(), "\n".join(line.rstrip() for line in body.strip().splitlines())
    against = list(_against(code, language, title, body))
    if against:
        raise Refused(*against)
    newest = session.scalars(
        select(Agreement)
        .where(Agreement.code == code, Agreement.language == language)
        .order_by(Agreement.version.desc())
        .limit(1)
    ).first()
    title = plain_text(title, LONGEST_TITLE) or ""
    if newest is not None and (newest.title, newest.body) == (title, body):
        record_unchanged(session, "publish_agreement", at=at, by=by)
        return Published(code, language, newest.version)
    made = Agreement(
        code=code,
        language=language,
        version=1 if newest is None else newest.version + 1,
        title=title,
        body=body,
        published_on=_today(session, at),
    )
    session.add(made)
    with refusing_twins(Reason.CHANGED_SINCE):
        session.flush()  # the journal names the version by its id; one that somebody else has published is refused here
    detail = {"agreement_id": made.id, "code": code, "language": language, "version": made.version}
    record(session, "publish_agreement", at=at, by=by, detail=detail)
    return Published(code, language, made.version)


def _against(code: str, language: str, title: str, body: str) -> Iterator[Block]:
    """Everything that is wrong with what is to be published."""
    for name, text in (("title", title), ("body", body)):
        if not text:
            yield Block(Reason.VALUE_MISSING, {"field": name})
    wrong = {
        "code": not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", code),
        "language": not _is_language(language),
        "title": not _is_line(title),
        "body": len(body) > LONGEST_BODY or not is_storable(body),
    }
    yield from (Block(Reason.VALUE_WRONG, {"field": name}) for name, is_wrong in wrong.items() if is_wrong)


def _is_language(language: str) -> bool:
    """Whether it is a language's code as records of patrons keep it: the one that decides which text they sign."""
    from babel import Locale, UnknownLocaleError

    try:
        return str(Locale.parse(language)) == language
    except (UnknownLocaleError, ValueError):
        return False


def _is_line(title: str) -> bool:
    try:
        plain_text(title, LONGEST_TITLE)
    except ValueError:
        return False
    return True


def _today(session: Session, at: datetime) -> date:
    """The day of the library's first branch: an agreement belongs to no branch."""
    zone = session.scalars(select(Branch.zone).order_by(Branch.id).limit(1)).first() or "UTC"
    return at.astimezone(ZoneInfo(zone)).date()
