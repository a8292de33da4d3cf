"""Pictures: kept once, never changed, and gone when nothing shows them any more.

A new picture is a new row with a public id of its own, so that browsers may keep what they have seen for good.
Source: issue "Patrons reserve online", Build 6 (photos of kits and parts) and 8 (the logo).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from lending.circulation.journal import record
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.pictures import Drawn
from lending.models.setting_up import Picture


def add_picture(session: Session, *, drawn: Drawn, at: datetime, by: Actor) -> str:
    """Keep a picture and give its public id, for the row that shows it. It was drawn before the act."""
    by.permit(Act.ADMINISTER)
    kept = Picture(
        media_type=drawn.media_type, content=drawn.content, width=drawn.width, height=drawn.height, made_at=at
    )
    session.add(kept)
    session.flush()  # its public id is made with the row
    record(session, "add_picture", at=at, by=by, detail={"picture": kept.public_id})
    return kept.public_id


def replace_picture(
    session: Session, *, before: str | None, drawn: Drawn | None, remove: bool = False, at: datetime, by: Actor
) -> str | None:
    """The public id that a row shows from now on in the place of ``before``: of the picture that was uploaded, none
    when it is to be removed, or else the same as before. A picture that is shown no more is deleted.
    """
    by.permit(Act.ADMINISTER)
    if drawn is None and not remove:
        return before
    if before is not None:
        session.execute(delete(Picture).where(Picture.public_id == before))
        record(session, "remove_picture", at=at, by=by, detail={"picture": before})
    return None if drawn is None else add_picture(session, drawn=drawn, at=at, by=by)
