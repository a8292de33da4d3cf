"""The first act of a library: its name, its administrator, its rules and its agreement, once and never again.

Nobody can be asked who begins, for nobody is there yet: the door makes sure that it is whoever started the program.
Source: SCREENS, "A first-run wizard"; issue "Patrons reserve online", Build 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.agreements import publish_agreement
from lending.circulation.checkout import BORROWING_AGREEMENT
from lending.circulation.codes import refusing_twins
from lending.circulation.policies import ensure_general_policy
from lending.circulation.staff import StaffChanged, add_staff
from lending.domain.actors import Actor
from lending.domain.permissions import Act, Role
from lending.domain.registration import needed_text
from lending.errors import Reason, Refused
from lending.models.people import Staff
from lending.models.setting_up import LibrarySetting

BEGUN: Final = "begun"
"""The setting that is written once, when a library begins: of two who begin at once, one does."""

NAME: Final = "name"
"""The setting that holds what the library is called."""


def begin_library(
    session: Session,
    *,
    library_name: str,
    username: str,
    name: str,
    password_hash: str,
    language: str,
    agreements: Mapping[str, tuple[str, str]],
    at: datetime,
    by: Actor,
) -> StaffChanged:
    """Begin a library in which nobody works yet, and give its administrator's account.

    ``agreements`` are a title and a text for each language, to begin with. The hash is made before the act. Raises
    ``Refused``: ``NOT_FOUND`` where somebody works already; ``VALUE_MISSING`` and ``VALUE_WRONG`` by field.
    """
    by.permit(Act.ADMINISTER)
    if session.scalars(select(Staff.id).limit(1)).first() is not None:
        raise Refused.because(Reason.NOT_FOUND)
    called = needed_text("library_name", library_name, 80)
    session.add_all(
        LibrarySetting(name=key, value=value, changed_at=at) for key, value in ((BEGUN, at.isoformat()), (NAME, called))
    )
    with refusing_twins(Reason.NOT_FOUND):
        session.flush()  # whoever began a moment ago has the name already
    ensure_general_policy(session, at=at)
    made = add_staff(
        session,
        username=username,
        name=name,
        role=Role.ADMIN,
        language=language,
        password_hash=password_hash,
        at=at,
        by=by,
    )
    for code, (title, body) in agreements.items():
        publish_agreement(session, code=BORROWING_AGREEMENT, language=code, title=title, body=body, at=at, by=by)
    return made
