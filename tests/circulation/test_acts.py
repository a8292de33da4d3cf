"""An act is done once for its key, and only once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lending.circulation.acts import digest_of, forget_keys, once
from lending.circulation.journal import record
from lending.db import Database
from lending.domain.actors import Actor
from lending.errors import Reason, Refused
from tests.cast import NOW, Cast


def _do(database: Database, by: Actor, key: str, body: dict[str, object]) -> str:
    def work(session: object) -> str:
        return once(
            session,  # type: ignore[arg-type]  # the session that Database.act gives
            by=by,
            key=key,
            body=body,
            at=NOW,
            do=lambda: f"did {by.act}",
            again=lambda act: f"did {act}",
        )

    return database.act(work)


def test_the_same_key_and_body_gives_the_same_answer(database: Database, cast: Cast) -> None:
    first = _do(database, cast.ben, "k1", {"kit": "KIT-1042"})
    assert _do(database, cast.ben, "k1", {"kit": "KIT-1042"}) == first
    assert _do(database, cast.ben, "k2", {"kit": "KIT-1042"}) != first


def test_the_same_key_with_another_body_is_refused(database: Database, cast: Cast) -> None:
    _do(database, cast.ben, "k1", {"kit": "KIT-1042"})
    with pytest.raises(Refused) as refused:
        _do(database, cast.ben, "k1", {"kit": "KIT-1043"})
    assert refused.value.blocks[0].reason is Reason.KEY_REUSED


def test_two_people_may_use_the_same_key(database: Database, cast: Cast) -> None:
    assert _do(database, cast.ben, "k1", {}) != _do(database, cast.cleo, "k1", {})


def test_a_refusal_leaves_its_key_free(database: Database, cast: Cast) -> None:
    def refuse() -> str:
        raise Refused.because(Reason.KIT_UNKNOWN, kit="X")

    by = cast.ben
    with pytest.raises(Refused):
        database.act(lambda s: once(s, by=by, key="k1", body={}, at=NOW, do=refuse, again=str))
    assert _do(database, replace(by, act="another"), "k1", {"kit": "x"}) == "did another"


def test_a_body_has_one_digest_in_any_order() -> None:
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1}) != digest_of({"a": 2, "b": 1})


def test_the_journal_can_be_added_to_and_nothing_else(database: Database, cast: Cast) -> None:
    database.act(lambda s: record(s, "check_out", at=NOW, by=cast.ben))
    for statement in ("UPDATE journal SET verb = 'x'", "DELETE FROM journal"):
        with pytest.raises(Exception, match="append-only"):
            database.act(lambda s, sql=statement: s.connection().exec_driver_sql(sql))


def test_a_key_is_forgotten_after_thirty_days_and_not_before(database: Database, cast: Cast) -> None:
    for key in ("k1", "k2", "k3"):
        _do(database, cast.ben, key, {})

    def forgotten(after: timedelta) -> int:
        return database.act(lambda session: forget_keys(session, at=NOW + after, limit=2))

    month = timedelta(days=30)
    assert [forgotten(after) for after in (month - timedelta(seconds=1), month, month, month)] == [0, 2, 1, 0]
    assert _do(database, cast.ben, "k1", {"kit": "KIT-1042"})
