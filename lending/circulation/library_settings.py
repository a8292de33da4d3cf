"""Changing the library's own settings: its name, logo, colours, and the few rules of the house.

Source: issue "Patrons reserve online", Build 6 and 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.codes import refusing_twins
from lending.circulation.journal import record, record_unchanged
from lending.circulation.pictures import replace_picture
from lending.domain.actors import Actor
from lending.domain.library_settings import LOGO, LibrarySettings, checked_settings, kept_settings
from lending.domain.permissions import Act
from lending.domain.pictures import Drawn
from lending.errors import Reason
from lending.models.setting_up import LibrarySetting


def change_settings(session: Session, *, given: Mapping[str, str | None], at: datetime, by: Actor) -> None:
    """Keep these settings by their names; ``None`` or nothing makes one what it was when the library began.

    Raises ``Refused``: ``VALUE_WRONG`` and ``COLOUR_CONTRAST`` for every field that is wrong.
    """
    by.permit(Act.ADMINISTER)
    rows = _locked(session)
    before = {name: row.value for name, row in rows.items()}
    values = checked_settings(given, kept_settings(before, name=""))
    changed = {name: value for name, value in values.items() if value != before.get(name)}
    if not changed:
        record_unchanged(session, "change_library_settings", at=at, by=by)
        return
    for name, value in changed.items():
        if name not in rows:
            session.add(LibrarySetting(name=name, value=value, changed_at=at))
        elif value is None:
            session.delete(rows[name])
        else:
            rows[name].value, rows[name].changed_at = value, at
    with refusing_twins(Reason.BUSY):
        session.flush()  # two who set the same for the first time: the second tries again
    record(session, "change_library_settings", at=at, by=by, detail=changed)


def change_logo(session: Session, *, drawn: Drawn | None, remove: bool = False, at: datetime, by: Actor) -> None:
    """Show this logo from now on (drawn before the act by ``lending.pictures.logo``), or none when it is removed."""
    by.permit(Act.ADMINISTER)
    kept = _locked(session).get(LOGO)
    before = None if kept is None else kept.value
    after = replace_picture(session, before=before, drawn=drawn, remove=remove, at=at, by=by)
    if after != before:
        change_settings(session, given={LOGO: after}, at=at, by=by)


def _locked(session: Session) -> dict[str, LibrarySetting]:
    """Every row there is, locked, so that a change sees what it changes."""
    chosen = select(LibrarySetting).order_by(LibrarySetting.name)
    locked = chosen.with_for_update(key_share=True).execution_options(populate_existing=True)
    return {row.name: row for row in session.scalars(locked)}


def settings_now(session: Session) -> LibrarySettings:
    """The settings as their rows stand, for a verb that goes by one of them. It says nothing of the name."""
    rows = session.execute(select(LibrarySetting.name, LibrarySetting.value))
    return kept_settings({row.name: row.value for row in rows}, name="")
