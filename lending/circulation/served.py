"""Whom check-outs served: households and patrons under tokens of a period, which name nobody.

A token is made with the key of its period (``PeriodKey``). The key is destroyed some days after the period is over;
from then on a token leads back to nobody, and nobody can be followed into another period. Somebody without an address,
or at one that many households share, such as a shelter, is a household of their own.
Source: RULES 7 ("households from distinct tokens per period, keyed per period, the key destroyed after") and 8.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lending.circulation.counts import added
from lending.circulation.together import Write
from lending.domain import library_settings
from lending.domain.counting import token
from lending.domain.periods import Period, read_period, token_periods
from lending.models.base import table_of
from lending.models.counts import PeriodKey, PeriodToken, Whom
from lending.models.people import Household, Patron
from lending.models.setting_up import LibrarySetting

KEPT_AFTER: Final = timedelta(days=3)
"""How long a key lives on when its period is over.

Branches lie in several time zones, a desk without a network reports later what it lent, and a check-out late on the
last evening may still be taken back: three days are enough for all of them, and no report needs the key.
"""

KEY_BYTES: Final = 32

_keys, _tokens = table_of(PeriodKey), table_of(PeriodToken)
_MAKE = {
    "sqlite": sqlite.insert(_keys).on_conflict_do_nothing(index_elements=["period"]),
    "postgresql": postgresql.insert(_keys).on_conflict_do_nothing(index_elements=["period"]),
}
_KEYS = select(_keys.c.period, _keys.c.key).where(_keys.c.period.in_(bindparam("periods", expanding=True)))


def names_of(household_id: int | None, pseudonym: str) -> dict[Whom, str]:
    """What the tokens of a check-out stand for; ``household_id`` is ``None`` for who is one by themselves."""
    patron = f"patron:{pseudonym}"
    return {Whom.HOUSEHOLD: patron if household_id is None else f"household:{household_id}", Whom.PATRON: patron}


def served(
    session: Session,
    keys: Mapping[str, bytes | None],
    names: Mapping[Whom, str],
    *,
    branch_id: int,
    kit_type_id: int,
    program_id: int | None,
    at: datetime,
) -> Write | None:
    """The tokens of a check-out, to go with its other writes. ``keys`` are those of its periods, by their names.

    A key that is not there yet is made; for a period whose key was destroyed no token is made, and who was served in it
    is unknown from then on.
    """
    if None in keys.values():
        keys = make_keys(session, keys, at=at)
    rows = [
        {
            "period": period,
            "whom": whom,
            "branch_id": branch_id,
            "kit_type_id": kit_type_id,
            "program_id": program_id or 0,
            "token": token(key, name),
            "n": 1,
        }
        for period, key in keys.items()
        if key is not None
        for whom, name in names.items()
    ]
    return added(session, _tokens, rows) if rows else None


def make_keys(session: Session, periods: Iterable[str], *, at: datetime) -> dict[str, bytes | None]:
    """The keys of these periods, made where there are none; ``None`` for one that was destroyed."""
    names = sorted(periods)
    connection = session.connection()
    make = _MAKE[connection.dialect.name]
    for name in names:
        connection.execute(make, {"period": name, "key": secrets.token_bytes(KEY_BYTES), "made_at": at})
    found = dict(connection.execute(_KEYS, {"periods": names}).all())
    return {name: found[name] for name in names}


def take_back(
    session: Session,
    patron_id: int | None,
    *,
    day: date,
    branch_id: int,
    kit_type_id: int,
    program_id: int | None,
) -> None:
    """Take the tokens of a check-out on ``day`` back, because it is undone."""
    household = and_(Household.id == Patron.household_id, Household.exempt.is_(False))
    chosen = select(Household.id, Patron.pseudonym).select_from(Patron).outerjoin(Household, household)
    names = names_of(*session.execute(chosen.where(Patron.id == patron_id)).one())
    periods = [period.name for period in token_periods(day, fiscal_year_begins(session))]
    for period, key in session.connection().execute(_KEYS, {"periods": periods}).all():
        if key is None:
            continue
        for whom, name in names.items():
            mine = and_(
                _tokens.c.period == period,
                _tokens.c.whom == whom,
                _tokens.c.branch_id == branch_id,
                _tokens.c.kit_type_id == kit_type_id,
                _tokens.c.program_id == (program_id or 0),
                _tokens.c.token == token(key, name),
            )
            session.connection().execute(update(_tokens).where(mine).values(n=_tokens.c.n - 1))
            session.connection().execute(delete(_tokens).where(mine, _tokens.c.n <= 0))


def fiscal_year_begins(session: Session) -> int:
    """The month in which the library's fiscal year begins, 1 to 12."""
    chosen = select(LibrarySetting.value).where(LibrarySetting.name == library_settings.FISCAL_YEAR)
    return library_settings.fiscal_year_begins(session.scalars(chosen).one_or_none())


def keep_keys(session: Session, *, today: date, at: datetime) -> int:
    """Make the keys of the periods under way and to come, and destroy those of periods that are over; how many.

    ``today`` is a day that has begun at every branch. For the sweep; a second run does nothing.
    """
    begins = fiscal_year_begins(session)
    wanted = [*token_periods(today, begins), *(_next(period, begins) for period in token_periods(today, begins))]
    known = set(session.scalars(select(_keys.c.period)))
    missing = {period.name for period in wanted} - known
    make_keys(session, missing, at=at)
    over = [name for name in _alive(session) if read_period(name).last + KEPT_AFTER < today]
    session.connection().execute(update(_keys).where(_keys.c.period.in_(over)).values(key=None, destroyed_at=at))
    return len(missing) + len(over)


def _alive(session: Session) -> Sequence[str]:
    return session.scalars(select(_keys.c.period).where(_keys.c.key.is_not(None))).all()


def _next(period: Period, begins: int) -> Period:
    following: Any = period.last + timedelta(days=1)
    return next(each for each in token_periods(following, begins) if each.kind is period.kind)
