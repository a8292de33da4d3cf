"""The laws of the data: what is true of every library at every moment, each law one question to the database.

A law that does not hold names the rows that break it, by keys and codes, never by a patron's data. The database's own
constraints (unique indexes, CHECKs, foreign keys) are not repeated here; these are the laws between rows.
Source: INTERFACES, ``lending invariants``; RULES 1-5 for the laws.
"""

# ruff: noqa: S608 - every statement is made of words of this module
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from lending.circulation.recounting import differences

Row = dict[str, Any]

MOST_ROWS = 50
"""Rows shown of one broken law; more of the same say no more."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """One law in one sentence. ``find`` gives the rows that break it, none when it holds, ``MOST_ROWS`` at most."""

    name: str
    law: str
    find: Callable[[Session], list[Row]]


def _by_sql(name: str, law: str, statement: str) -> Invariant:
    asked = text(f"SELECT * FROM ({statement}) AS broken LIMIT {MOST_ROWS}")

    def find(session: Session) -> list[Row]:
        return [dict(row) for row in session.execute(asked).mappings()]

    return Invariant(name, law, find)


_OUT = "loans.received_at IS NULL AND loans.state IN ('out', 'claimed')"
_PROMISED = "reservations.state IN ('promised', 'pulling', 'in_transit', 'ready')"
_LIVE = "reservations.state IN ('waiting', 'promised', 'pulling', 'in_transit', 'ready')"

INVARIANTS: tuple[Invariant, ...] = (
    # Kits and their loans
    _by_sql(
        "kit_on_loan",
        "A kit is on loan exactly when one loan of it is out or claimed.",
        f"""
        SELECT kits.id AS kit_id, kits.barcode, kits.state, count(loans.id) AS loans_out
        FROM kits LEFT JOIN loans ON loans.kit_id = kits.id AND {_OUT}
        GROUP BY kits.id, kits.barcode, kits.state
        HAVING (kits.state = 'on_loan' AND count(loans.id) <> 1) OR (kits.state <> 'on_loan' AND count(loans.id) <> 0)
        """,
    ),
    _by_sql(
        "kit_in_use",
        "A kit is in use exactly when one use of it has not ended.",
        """
        SELECT kits.id AS kit_id, kits.barcode, kits.state, count(kit_uses.id) AS uses
        FROM kits LEFT JOIN kit_uses ON kit_uses.kit_id = kits.id AND kit_uses.ended_at IS NULL
        GROUP BY kits.id, kits.barcode, kits.state
        HAVING (kits.state = 'in_use') <> (count(kit_uses.id) = 1)
        """,
    ),
    _by_sql(
        "kit_lost",
        "A lost kit has a loan that was lost, and the kit of a lost loan is lost or withdrawn.",
        """
        SELECT kits.id AS kit_id, kits.barcode, kits.state, NULL AS loan_id FROM kits
        WHERE kits.state = 'lost'
          AND NOT EXISTS (SELECT 1 FROM loans WHERE loans.kit_id = kits.id AND loans.lost_at IS NOT NULL)
        UNION ALL
        SELECT kits.id, kits.barcode, kits.state, loans.id FROM loans JOIN kits ON kits.id = loans.kit_id
        WHERE loans.state = 'lost' AND (kits.state NOT IN ('lost', 'withdrawn') OR loans.lost_at IS NULL)
        """,
    ),
    _by_sql(
        "kit_withdrawn",
        "A withdrawn kit has the day and the reason, and no other kit has them.",
        """
        SELECT id AS kit_id, barcode, state FROM kits
        WHERE (state = 'withdrawn') <> (withdrawn_at IS NOT NULL)
           OR (state = 'withdrawn') <> (withdrawn_reason IS NOT NULL)
        """,
    ),
    _by_sql(
        "kit_in_transit",
        "A kit in transit is neither with a patron nor in use, lost, missing or withdrawn, and goes to another branch.",
        """
        SELECT id AS kit_id, barcode, state FROM kits
        WHERE in_transit_to_id IS NOT NULL
          AND (state IN ('on_loan', 'in_use', 'lost', 'missing', 'withdrawn') OR in_transit_to_id = branch_id)
        """,
    ),
    _by_sql(
        "stock_type",
        "A kit belongs to a stock of its own type.",
        """
        SELECT kits.id AS kit_id, kits.barcode, kits.stock_id FROM kits JOIN stocks ON stocks.id = kits.stock_id
        WHERE stocks.kit_type_id <> kits.kit_type_id
        """,
    ),
    # Loans
    _by_sql(
        "loan_term",
        "A loan's due date and term are those of its newest term, and its terms are counted from one without a gap.",
        """
        SELECT loans.id AS loan_id, loans.term, loans.due_at, newest.n AS newest_term, newest.due_at AS newest_due_at
        FROM loans LEFT JOIN loan_terms AS newest
          ON newest.loan_id = loans.id
         AND newest.n = (SELECT max(n) FROM loan_terms WHERE loan_terms.loan_id = loans.id)
        WHERE newest.n IS NULL OR newest.n <> loans.term OR newest.due_at <> loans.due_at
           OR newest.n <> (SELECT count(*) FROM loan_terms WHERE loan_terms.loan_id = loans.id)
        """,
    ),
    _by_sql(
        "loan_received",
        "A received loan says where, by which door and when that was recorded; no other loan does.",
        """
        SELECT id AS loan_id, state FROM loans
        WHERE (received_at IS NOT NULL) <> (received_recorded_at IS NOT NULL)
           OR (received_at IS NOT NULL) <> (received_door IS NOT NULL)
           OR (received_at IS NOT NULL) <> (received_branch_id IS NOT NULL)
        """,
    ),
    _by_sql(
        "loan_times",
        "Nothing is recorded before it happened.",
        """
        SELECT id AS loan_id, checked_out_at, recorded_at, received_at, received_recorded_at FROM loans
        WHERE recorded_at < checked_out_at OR received_recorded_at < received_at
        """,
    ),
    _by_sql(
        "loan_settled",
        "A closed loan says when it was settled, and an incomplete one until when its parts may be brought back.",
        """
        SELECT id AS loan_id, state FROM loans
        WHERE (state = 'closed' AND settled_at IS NULL) OR (state = 'incomplete' AND incomplete_until IS NULL)
        """,
    ),
    _by_sql(
        "loan_incomplete",
        "An incomplete loan misses a part that is not settled.",
        """
        SELECT id AS loan_id FROM loans
        WHERE state = 'incomplete' AND NOT EXISTS (
            SELECT 1 FROM loan_parts
            WHERE loan_parts.loan_id = loans.id AND loan_parts.state = 'missing' AND loan_parts.settled_at IS NULL)
        """,
    ),
    _by_sql(
        "loan_kit_type",
        "A loan is of its kit's type.",
        """
        SELECT loans.id AS loan_id, kits.barcode FROM loans JOIN kits ON kits.id = loans.kit_id
        WHERE loans.kit_type_id <> kits.kit_type_id
        """,
    ),
    _by_sql(
        "loan_on_journal",
        "Every loan is on the journal.",
        """
        SELECT id AS loan_id, public_id FROM loans
        WHERE NOT EXISTS (SELECT 1 FROM journal WHERE journal.loan_id = loans.id)
        """,
    ),
    _by_sql(
        "loan_snapshot",
        "The parts that went out with a loan are of its kit type.",
        """
        SELECT loan_parts.id AS loan_part_id, loan_parts.loan_id, loan_parts.part_id
        FROM loan_parts
        JOIN loans ON loans.id = loan_parts.loan_id
        JOIN parts ON parts.id = loan_parts.part_id
        JOIN kit_type_parts ON kit_type_parts.id = parts.kind_id
        WHERE kit_type_parts.kit_type_id <> loans.kit_type_id
        """,
    ),
    _by_sql(
        "bill_ceiling",
        "What stands for a loan's missing parts and whole kit is never more than the whole kit's price.",
        """
        SELECT loans.id AS loan_id, sum(charges.amount_cents) AS charged_cents, kit_types.whole_price_cents
        FROM charges JOIN loans ON loans.id = charges.loan_id JOIN kit_types ON kit_types.id = loans.kit_type_id
        WHERE charges.kind IN ('missing_part', 'whole_kit') AND charges.state IN ('owed', 'paid')
        GROUP BY loans.id, kit_types.whole_price_cents
        HAVING sum(charges.amount_cents) > kit_types.whole_price_cents
        """,
    ),
    # Parts
    _by_sql(
        "part_kind",
        "A part in a kit is of a kind that the kit's type expects.",
        """
        SELECT parts.id AS part_id, kits.barcode
        FROM parts JOIN kits ON kits.id = parts.kit_id JOIN kit_type_parts ON kit_type_parts.id = parts.kind_id
        WHERE kit_type_parts.kit_type_id <> kits.kit_type_id
        """,
    ),
    _by_sql(
        "part_retired",
        "A part is retired exactly when it has the day of it.",
        "SELECT id AS part_id, state FROM parts WHERE (state = 'retired') <> (retired_at IS NOT NULL)",
    ),
    _by_sql(
        "codes_disjoint",
        "No code belongs to two things: a card, a kit, a part's label.",
        """
        SELECT one.holder, one.id, other.holder AS other_holder, other.id AS other_id
        FROM (SELECT barcode AS code, 'kit' AS holder, id FROM kits
              UNION ALL SELECT tag, 'part', id FROM parts WHERE tag IS NOT NULL) AS one
        JOIN (SELECT number AS code, 'card' AS holder, id FROM cards
              UNION ALL SELECT tag, 'part', id FROM parts WHERE tag IS NOT NULL) AS other
          ON one.code = other.code AND one.holder <> other.holder
        """,
    ),
    # People
    _by_sql(
        "current_card",
        "An active patron has one current card, a merged or erased one none.",
        """
        SELECT patrons.id AS patron_id, patrons.status, count(cards.id) AS current_cards
        FROM patrons LEFT JOIN cards ON cards.patron_id = patrons.id AND cards.ended_at IS NULL
        GROUP BY patrons.id, patrons.status
        HAVING count(cards.id) <> CASE patrons.status WHEN 'active' THEN 1 ELSE 0 END
        """,
    ),
    _by_sql(
        "card_end",
        "A card that ended says why.",
        'SELECT id AS card_id FROM cards WHERE (ended_at IS NULL) <> ("end" IS NULL)',
    ),
    _by_sql(
        "patron_merged",
        "A merged patron says into whom, another one, and nobody else does.",
        """
        SELECT id AS patron_id, status, merged_into_id FROM patrons
        WHERE (status = 'merged') <> (merged_into_id IS NOT NULL) OR merged_into_id = id
        """,
    ),
    # Promises
    _by_sql(
        "promised_kit",
        "A kit set aside for a patron is of the type asked for, and on the hold shelf, on its way, or being pulled.",
        f"""
        SELECT reservations.id AS reservation_id, reservations.state AS reservation_state, kits.barcode, kits.state
        FROM reservations JOIN kits ON kits.id = reservations.kit_id
        WHERE {_LIVE} AND (
            kits.kit_type_id <> reservations.kit_type_id
            OR NOT (kits.state = 'on_shelf' OR kits.in_transit_to_id IS NOT NULL
                    OR (reservations.state = 'pulling' AND kits.state = 'available')))
        """,
    ),
    _by_sql(
        "ready_kit",
        "A reservation that is ready has a kit on the hold shelf of its pick-up branch.",
        """
        SELECT reservations.id AS reservation_id, kits.barcode, kits.state
        FROM reservations LEFT JOIN kits ON kits.id = reservations.kit_id
        WHERE reservations.state = 'ready'
          AND (kits.id IS NULL OR kits.state <> 'on_shelf' OR kits.branch_id <> reservations.pickup_branch_id)
        """,
    ),
    _by_sql(
        "pool_promises",
        "A session's pool promises no more kits than it was allotted, and beyond those put aside lends no more either.",
        f"""
        SELECT id AS pool_id, kits, promised, put_aside, lent FROM (
            SELECT pools.id, pools.kits,
                (SELECT count(*) FROM reservations
                 WHERE reservations.pool_id = pools.id AND {_PROMISED}) AS promised,
                (SELECT count(*) FROM reservations
                 WHERE reservations.pool_id = pools.id AND {_PROMISED}
                   AND reservations.kit_id IS NOT NULL) AS put_aside,
                (SELECT count(*) FROM loans
                 JOIN reservations ON reservations.id = loans.reservation_id
                 JOIN kits ON kits.id = loans.kit_id AND kits.stock_id = pools.stock_id
                 WHERE reservations.pool_id = pools.id AND reservations.promised_at IS NOT NULL
                   AND loans.received_at IS NULL AND loans.state <> 'undone') AS lent
            FROM pools
        ) AS books
        WHERE promised > kits OR promised - put_aside + lent > kits
        """,
    ),
    _by_sql(
        "enrolments",
        "A session seats no more people than its capacity.",
        """
        SELECT cohorts.id AS cohort_id, cohorts.code, cohorts.capacity, count(*) AS seated
        FROM cohorts JOIN enrolments ON enrolments.cohort_id = cohorts.id
        WHERE enrolments.state IN ('offered', 'enrolled')
        GROUP BY cohorts.id, cohorts.code, cohorts.capacity HAVING count(*) > cohorts.capacity
        """,
    ),
    # Counts and keys
    Invariant(
        "daily_counts",
        "The counts kept for managers are those that follow from the journal, and every check-out has its token.",
        lambda session: differences(session)[:MOST_ROWS],
    ),
    _by_sql(
        "act_on_journal",
        "Every act that took an idempotency key is on the journal.",
        """
        SELECT idempotency_keys.id AS key_id, act FROM idempotency_keys
        WHERE NOT EXISTS (SELECT 1 FROM journal WHERE journal.act = idempotency_keys.act)
        """,
    ),
)
"""Every law, in the order in which they are checked."""
