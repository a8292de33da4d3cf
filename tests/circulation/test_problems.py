"""Problems that borrowers tell of, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from lending.circulation.privacy_requests import ask_for_erasure
from lending.circulation.problems import ProblemTold, tell_problem
from lending.db import Database
from lending.domain.actors import Actor, Door
from lending.domain.permissions import Role
from lending.errors import Reason, Refused
from lending.models.base import new_public_id
from lending.models.loans import Loan, LoanPart
from lending.models.people import Patron
from lending.models.tasks import Task, TaskKind
from tests.cast import NOW, Cast
from tests.circulation.kits_in_hand import journalled, lend, only, part_id, receive, rows


def patron(patron_id: int) -> Actor:
    """A patron on their own pages."""
    return Actor(Role.PATRON, Door.WEB, new_public_id(), patron_id=patron_id)


def against(do: Callable[[], object]) -> list[Reason]:
    """Why something is refused."""
    with pytest.raises(Refused) as refused:
        do()
    return [block.reason for block in refused.value.blocks]


@pytest.fixture
def loan(database: Database, cast: Cast) -> str:
    """Luis has an open kit; gives the loan's public id."""
    lend(database, cast)
    return only(database, Loan).public_id


def tell(
    database: Database,
    loan: str,
    by: Actor,
    *,
    part: str | None = None,
    missing: bool = False,
    words: str = "It beeps.",
    after: timedelta = timedelta(),
) -> ProblemTold:
    part_of_kit = None if part is None else part_id(database, part)
    return database.act(
        lambda s: tell_problem(
            s, loan=loan, part_id=part_of_kit, is_missing=missing, words=words, at=NOW + after, by=by
        )
    )


def test_the_borrower_tells_and_staff_have_a_task(database: Database, cast: Cast, loan: str) -> None:
    assert tell(database, loan, patron(cast.luis_id), part="Laptop") == ProblemTold(loan, False)
    task = only(database, Task)
    assert (task.kind, task.what, task.branch_id) == (TaskKind.PROBLEM, "Laptop. It beeps.", cast.ela)
    (entry,) = journalled(database, "report_problem")
    assert "beeps" not in str(entry.detail)


@pytest.mark.parametrize(("hours", "excused"), [(0, True), (48, True), (49, False)])
def test_a_part_that_was_never_there_is_not_billed_if_told_in_time(
    database: Database, cast: Cast, loan: str, hours: int, excused: bool
) -> None:
    told = tell(
        database, loan, patron(cast.luis_id), part="Charger", missing=True, words="", after=timedelta(hours=hours)
    )
    assert told.excused is excused
    assert bool(rows(database, LoanPart, LoanPart.reported_missing_at.is_not(None))) is excused
    assert only(database, Task).what == "missing: Charger"


def test_nobody_tells_of_anothers_kit(database: Database, cast: Cast, loan: str) -> None:
    for stranger in (patron(cast.ada_id), cast.cleo, cast.dora):
        assert against(lambda by=stranger: tell(database, loan, by)) == [Reason.NOT_PERMITTED]
    assert not rows(database, Task)


def test_staff_of_the_branch_may_tell_for_them(database: Database, cast: Cast, loan: str) -> None:
    tell(database, loan, cast.ben)
    only(database, Task)


def test_words_are_needed_unless_a_part_is_missing(database: Database, cast: Cast, loan: str) -> None:
    me = patron(cast.luis_id)
    assert against(lambda: tell(database, loan, me, words=" ")) == [Reason.VALUE_MISSING]
    assert against(lambda: tell(database, loan, me, part="Laptop", words="")) == [Reason.VALUE_MISSING]
    assert against(lambda: tell(database, loan, me, missing=True, words="")) == [Reason.VALUE_MISSING]
    assert against(lambda: tell(database, loan, me, words="x" * 141)) == [Reason.VALUE_WRONG]


def test_the_same_part_twice_is_one_task_until_it_is_closed(database: Database, cast: Cast, loan: str) -> None:
    me = patron(cast.luis_id)
    tell(database, loan, me, part="Laptop")
    assert against(lambda: tell(database, loan, me, part="Laptop", words="Still.")) == [Reason.ALREADY_TOLD]
    tell(database, loan, me, part="Hotspot")
    assert len(rows(database, Task)) == 2


def test_a_kit_that_is_back_has_no_problem_to_tell_of(database: Database, cast: Cast, loan: str) -> None:
    receive(database, cast)
    assert against(lambda: tell(database, loan, patron(cast.luis_id))) == [Reason.NOT_ON_LOAN]


def test_a_part_of_another_kit_is_unknown(database: Database, cast: Cast, loan: str) -> None:
    def elsewhere() -> ProblemTold:
        other = part_id(database, "Laptop", "KIT-1042")
        me = patron(cast.luis_id)
        return database.act(
            lambda s: tell_problem(s, loan=loan, part_id=other, is_missing=True, words="", at=NOW, by=me)
        )

    assert against(elsewhere) == [Reason.PART_UNKNOWN]


# --- Erasure --------------------------------------------------------------------------------------------------------


def test_patrons_ask_for_their_own_erasure_and_for_nobody_elses(database: Database, cast: Cast) -> None:
    with database.read() as session:
        luis = session.scalars(select(Patron.public_id).where(Patron.id == cast.luis_id)).one()
    me, ada = patron(cast.luis_id), patron(cast.ada_id)
    with pytest.raises(Refused):
        database.act(lambda s: ask_for_erasure(s, patron=luis, at=NOW, by=ada))
    database.act(lambda s: ask_for_erasure(s, patron=luis, at=NOW, by=me))
    assert only(database, Task).kind is TaskKind.PRIVACY_REQUEST
    assert against(lambda: database.act(lambda s: ask_for_erasure(s, patron=luis, at=NOW, by=me))) == [
        Reason.ALREADY_TOLD
    ]
    assert len(journalled(database, "ask_for_erasure")) == 1
