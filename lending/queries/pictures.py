"""Pictures as browsers ask for them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from lending.models.setting_up import Picture


@dataclass(frozen=True, slots=True)
class PictureShown:
    """What a picture is and what is in it."""

    media_type: str
    content: bytes


_PICTURE = select(Picture.media_type, Picture.content).where(Picture.public_id == bindparam("public_id"))


def picture_shown(session: Session, public_id: str) -> PictureShown | None:
    """The picture with this public id; ``None`` when there is none, or none any more."""
    row = session.execute(_PICTURE, {"public_id": public_id}).one_or_none()
    return None if row is None else PictureShown(*row)
