"""The acts behind a figure are as many as it says, on both engines: those undone are not among them."""

from __future__ import annotations

from datetime import timedelta

from benchmarks.inside import counting
from lending.circulation.lost import declare_lost
from lending.circulation.missing_parts import settle_incomplete_loans
from lending.circulation.renewal import renew
from lending.circulation.reserving import cancel, reserve
from lending.circulation.undo import undo
from lending.db import Database
from lending.domain.counting import Counter
from lending.domain.periods import Period, between, month_of
from lending.queries.counts import total
from lending.queries.report_rows import VERBS, Happenings, Of, happened, session_names, sessions_held
from lending.queries.today import Place, Wait, rows, today
from tests.cast import ADA, KIT, LUIS, NOW, OPEN_KIT, OTHER_OPEN_KIT, Cast, assemble
from tests.circulation.kits_in_hand import back_without, lend, receive
from tests.circulation.test_in_library import take

MARCH = month_of(NOW.date())
SOON = NOW + timedelta(minutes=1)


def place(cast: Cast) -> Place:
    return Place(cast.ela, "ELA", "East Los Angeles Library", "America/Los_Angeles")


def of(database: Database, cast: Cast, counter: Counter, period: Period = MARCH) -> Happenings:
    with database.read() as session:
        return happened(session, Of(counter, period, [place(cast)]))


def test_every_list_is_as_long_as_its_figure(database: Database) -> None:
    cast = assemble(database)
    lend(database, cast, KIT, ADA)
    lend(database, cast, OPEN_KIT, LUIS)
    receive(database, cast, OPEN_KIT, at=NOW + timedelta(days=60))
    lend(database, cast, OTHER_OPEN_KIT, LUIS, at=NOW + timedelta(days=61))
    database.act(lambda session: undo(session, at=NOW + timedelta(days=61, minutes=1), by=cast.ben))
    for period in (MARCH, month_of((NOW + timedelta(days=61)).date())):
        with database.read() as session:
            counted = total(session, [cast.ela], period)
        listed = {counter: len(of(database, cast, counter, period).rows) for counter in VERBS}
        assert listed == {counter: counted.n(counter) for counter in VERBS}
    assert [row.kit for row in of(database, cast, Counter.CHECK_OUT).rows] == [KIT, OPEN_KIT]


def test_renewals_and_bills_are_listed_by_what_the_journal_says_of_them(database: Database) -> None:
    cast = assemble(database)
    lend(database, cast, KIT, ADA)
    lend(database, cast, OPEN_KIT, LUIS)
    database.act(lambda session: renew(session, kit=OPEN_KIT, at=NOW + timedelta(days=1), by=cast.ben))
    back_without(database, cast, "Charger", at=NOW + timedelta(days=2))
    later = NOW + timedelta(days=20)
    database.act(lambda session: settle_incomplete_loans(session, at=later, by=cast.system))
    database.act(lambda session: declare_lost(session, kit=KIT, at=later, by=cast.eli))
    listed = {counter: len(of(database, cast, counter).rows) for counter in VERBS}
    with database.read() as session:
        assert listed == {counter: total(session, [cast.ela], MARCH).n(counter) for counter in VERBS}
    assert (listed[Counter.STAFF_RENEWAL], listed[Counter.PATRON_RENEWAL], listed[Counter.BILLED]) == (1, 0, 2)


def test_a_use_in_the_library_that_was_undone_is_not_listed(database: Database) -> None:
    cast = assemble(database)
    for kit in (OPEN_KIT, OTHER_OPEN_KIT):
        take(database, cast, kit)
    database.act(lambda session: undo(session, at=SOON, by=cast.ben))
    assert [row.kit for row in of(database, cast, Counter.IN_LIBRARY).rows] == [OPEN_KIT]


def test_a_request_that_ended_without_a_kit_has_its_kind(database: Database) -> None:
    cast = assemble(database)

    def ask(session: object) -> None:
        made = reserve(session, patron=LUIS, kit_type="laptop-hotspot", pickup_branch_id=cast.ela, at=NOW, by=cast.ben)  # type: ignore[arg-type]  # a session, as act gives
        cancel(session, reservation=made.reservation, reason="", at=SOON, by=cast.ben)  # type: ignore[arg-type]  # the same

    database.act(ask)
    (row,) = of(database, cast, Counter.UNFILLED).rows
    assert (row.kit, row.kit_type) == (None, "Laptop and hotspot")


def test_a_long_list_goes_on_behind_its_last_row(database: Database) -> None:
    cast = assemble(database)
    lend(database, cast, KIT, ADA)
    lend(database, cast, OPEN_KIT, LUIS)
    asked = Of(Counter.CHECK_OUT, MARCH, [place(cast)])
    with database.read() as session:
        first = happened(session, asked, limit=1)
        rest = happened(session, asked, after=first.after or 0, limit=1)
    assert [row.kit for row in (*first.rows, *rest.rows)] == [KIT, OPEN_KIT]
    assert rest.after is None


def test_a_list_goes_on_from_day_to_day_with_each_act_once(database: Database) -> None:
    cast = assemble(database)
    lend(database, cast, KIT, ADA)
    lend(database, cast, OPEN_KIT, LUIS)
    for kit, days in ((KIT, 70), (OPEN_KIT, 73)):
        receive(database, cast, kit, at=NOW + timedelta(days=days))
    lend(database, cast, OTHER_OPEN_KIT, LUIS, at=NOW + timedelta(days=73, minutes=1))
    year = between(MARCH.first, MARCH.first + timedelta(days=200))
    for counter, kits in (
        (Counter.CHECK_OUT, [KIT, OPEN_KIT, OTHER_OPEN_KIT]),
        (Counter.RETURN, [KIT, OPEN_KIT]),
        (Counter.LATE_RETURN, [KIT, OPEN_KIT]),
    ):
        listed, after = [], 0
        with database.read() as session:
            while after is not None:
                found = happened(session, Of(counter, year, [place(cast)]), after=after, limit=1)
                listed += [row.kit for row in found.rows]
                after = found.after
        assert listed == kits


def test_a_list_reads_no_day_on_which_nothing_counted(database: Database) -> None:
    cast = assemble(database)
    lend(database, cast, KIT, ADA)
    with database.read() as session, counting() as sent:
        assert happened(session, Of(Counter.LATE_RETURN, MARCH, [place(cast)])).rows == ()
    assert len(sent) == 1


def test_no_act_lies_behind_a_number_that_none_has(database: Database) -> None:
    cast = assemble(database)
    lend(database, cast, KIT, ADA)
    with database.read() as session:
        assert happened(session, Of(Counter.CHECK_OUT, MARCH, [place(cast)]), after=10**9) == Happenings((), None)


def test_no_place_has_no_acts(database: Database) -> None:
    cast = assemble(database)
    lend(database, cast, KIT, ADA)
    with database.read() as session:
        assert happened(session, Of(Counter.CHECK_OUT, MARCH, [])).rows == ()


def test_sessions_are_known_by_their_days_and_codes(database: Database) -> None:
    cast = assemble(database)
    with database.read() as session:
        assert session_names(session, {"WR-7", ""}) == {"WR-7": "Work Ready 7"}
        assert sessions_held(session, MARCH) == [cast.cohort]
        assert sessions_held(session, MARCH.before()) == []


def test_what_waits_today_is_counted_as_it_is_listed(database: Database) -> None:
    cast = assemble(database)
    lend(database, cast, OPEN_KIT, LUIS)
    at = NOW + timedelta(days=50)
    with database.read() as session:
        found = today(session, [place(cast)], branch="ELA", at=at)
        assert dict(found.waits) == {wait: len(rows(session, wait, [place(cast)], at=at)) for wait in Wait}
    assert found.waits[Wait.OVERDUE] == 1
    assert (found.free, found.in_service) == (4, 5)
