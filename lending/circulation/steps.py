"""Steps that many loans take at once, written by the database itself from the loans' own rows.

A sweep that tells 20,000 people would otherwise send 40,000 rows to the database one by one, which took twice as long
as all the rest. Source: RULES 6; BATTERY P6.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, String, bindparam, cast, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lending.circulation.checkout_statements import loans
from lending.circulation.telling import or_told_again
from lending.models.base import constant, new_public_id, table_of
from lending.models.ladders import StepTaken
from lending.models.notices import Channel, Notice, NoticeState

_taken, _notices = table_of(StepTaken), table_of(Notice)
_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def keep_steps(
    session: Session, codes: Sequence[str], loan_ids: Sequence[int], *, superseded: bool, at: datetime
) -> None:
    """Keep that each loan has taken each of the steps in its present term, but for those it took before."""
    values = {"at": at, "superseded": superseded}
    for code in codes if loan_ids else ():
        _write(session, _KEEP, [(loan_id,) for loan_id in loan_ids], values | {"step": code})


def tell_of_terms(session: Session, step: str, channel: Channel, loan_ids: Sequence[int], *, at: datetime) -> None:
    """Put a notice about each loan's present due date into the outbox, as ``put_in_outbox`` would."""
    if loan_ids:
        named = [(loan_id, new_public_id()) for loan_id in loan_ids]
        _write(session, _TELL, named, {"at": at, "step": step, "channel": channel})


def _write(
    session: Session, statements: dict[str, Any], listed: Sequence[tuple[Any, ...]], values: dict[str, Any]
) -> None:
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        connection.execute(statements["sqlite"], {**values, "listed": json.dumps(listed)})
    else:
        columns = {f"listed_{n}": list(column) for n, column in enumerate(zip(*listed, strict=True))}
        connection.execute(statements["postgresql"], values | columns)


def _listed(dialect: str, *types: Any) -> list[ColumnElement[Any]]:
    """The columns of rows that are given as one value: a JSON text on SQLite, an array for each column elsewhere."""
    if dialect == "sqlite":
        row = func.json_each(bindparam("listed")).table_valued("value", name="listed").c.value
        return [func.json_extract(row, f"$[{n}]") for n in range(len(types))]
    arrays = [bindparam(f"listed_{n}", type_=ARRAY(kind)) for n, kind in enumerate(types)]
    names = [f"column_{n}" for n in range(len(types))]
    return list(func.unnest(*arrays).table_valued(*names, name="listed").render_derived().c)


def _keep(dialect: str) -> Any:
    (loan_id,) = _listed(dialect, BigInteger)
    given = [bindparam(name, type_=_taken.c[name].type) for name in ("step", "at", "superseded")]
    chosen = select(loans.c.id, loans.c.term, *given).where(loans.c.id == loan_id)
    columns = ["loan_id", "term", "step", "at", "superseded"]
    return _INSERT[dialect](_taken).from_select(columns, chosen).on_conflict_do_nothing()


def _tell(dialect: str) -> Any:
    loan_id, name = _listed(dialect, BigInteger, String)
    at = bindparam("at", type_=_notices.c.due_at.type)
    row: dict[str, ColumnElement[Any]] = {
        "public_id": name,
        "subject": literal("loan:").concat(loans.c.public_id).concat(":").concat(cast(loans.c.term, String)),
        "step": bindparam("step", type_=String),
        "channel": bindparam("channel", type_=_notices.c.channel.type),
        "patron_id": loans.c.patron_id,
        "loan_id": loans.c.id,
        "term": loans.c.term,
        "state": constant(NoticeState.PENDING),
        "due_at": at,
        "made_at": at,
        "tries": constant(0),
    }
    chosen = select(*row.values()).where(loans.c.id == loan_id)
    return or_told_again(_INSERT[dialect](_notices).from_select(list(row), chosen, include_defaults=False))


_KEEP = {dialect: _keep(dialect) for dialect in _INSERT}
_TELL = {dialect: _tell(dialect) for dialect in _INSERT}
