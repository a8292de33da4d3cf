"""The same check-out and return as hand-made SQL through the driver: what ours is measured against.

Every statement that the verbs send has its twin here, written as a good engineer would by hand: the same reads, locks
and writes, and no more. One text for both drivers; ``FOR UPDATE`` is for PostgreSQL, where one connection writes at a
time no lock is needed. ``benchmarks/same_rows.py`` proves that the rows come out the same.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

ACCOUNT = """
    SELECT s.id, s.public_id, s.username, s.name, s.role, s.language, s.session_version, b.branch_id, p.program_id
    FROM staff s LEFT JOIN staff_branches b ON b.staff_id = s.id LEFT JOIN staff_programs p ON p.staff_id = s.id
    WHERE s.public_id = :public_id AND s.active"""

CLAIM = """
    INSERT INTO idempotency_keys (actor, key, digest, act, claimed_at)
    VALUES (:actor, :key, :digest, :act, :at) ON CONFLICT (actor, key) DO NOTHING"""

RESOLVE = """
    SELECT k.id AS kit_id, k.stock_id, c.patron_id, c.ended_at AS card_ended_at, r.id AS reservation_id,
        r.cohort_id AS reserved_cohort_id,
        (SELECT e.cohort_id FROM enrolments e JOIN cohorts h ON h.id = e.cohort_id
         WHERE e.patron_id = c.patron_id AND e.state = 'enrolled' AND h.status = 'planned' AND h.return_by >= :yesterday
           AND EXISTS (SELECT 1 FROM pools o JOIN stocks s ON s.id = o.stock_id
                       WHERE o.cohort_id = h.id AND s.kit_type_id = k.kit_type_id)
         ORDER BY CASE WHEN h.return_by >= :day THEN 0 ELSE 1 END, h.starts_on, e.id LIMIT 1) AS seat_cohort_id,
        b.id AS branch_id, b.name AS branch, b.zone, b.hours, p.id AS policy_id, p.loan_days, p.kit_limit,
        p.household_limit, p.cool_down_hours, p.owes_limit_cents, p.adult_age, p.agreement, p.needs_wipe,
        p.needs_charge, p.needs_restock, p.turnaround_open_days, p.overdue_hold_days,
        (SELECT value FROM library_settings WHERE name = 'fiscal_year_begins') AS fiscal_year_begins
    FROM branches b
    LEFT JOIN kits k ON k.barcode = :kit
    LEFT JOIN cards c ON c.number = :card
    LEFT JOIN reservations r ON r.id = (
        SELECT l.id FROM reservations l
        WHERE l.patron_id = c.patron_id AND l.kit_type_id = k.kit_type_id
          AND l.state IN ('waiting', 'promised', 'pulling', 'in_transit', 'ready')
          AND (l.kit_id IS NULL OR l.kit_id = k.id)
        ORDER BY CASE WHEN l.state = 'waiting' THEN 1 ELSE 0 END, l.id LIMIT 1)
    LEFT JOIN policies p ON p.id = (
        SELECT y.id FROM policies y
        WHERE (y.kit_type_id = k.kit_type_id OR y.kit_type_id IS NULL)
          AND (y.branch_id = :branch OR y.branch_id IS NULL)
          AND y.valid_from <= :at
        ORDER BY CASE WHEN y.kit_type_id IS NOT NULL THEN 0 ELSE 1 END,
            CASE WHEN y.branch_id IS NOT NULL THEN 0 ELSE 1 END, y.valid_from DESC, y.id DESC LIMIT 1)
    WHERE b.id = :branch"""

CLOSURES = """
    SELECT starts_on, ends_on, reason, hours FROM closures
    WHERE (branch_id = :branch OR branch_id IS NULL) AND ends_on >= :since ORDER BY id"""

LOCK_COHORT = """
    SELECT h.id, h.program_id, h.code, h.name, h.return_by, h.pickup_from, p.last_borrow_on, p.ends_on
    FROM cohorts h JOIN programs p ON p.id = h.program_id WHERE h.id = :cohort {FOR SHARE OF h}"""

LOCK = """
    SELECT p.public_id AS patron_public_id, p.pseudonym, p.name AS patron_name, p.birth_date, p.guardian_agreed_on,
        p.expires_on, p.blocked_reason, p.email, k.barcode, k.state AS kit_state, k.branch_id AS kit_branch_id,
        k.in_transit_to_id, k.round, t.id AS kit_type_id, t.code AS kit_type, t.cohort_only, b.name AS kit_branch
    FROM patrons p JOIN stocks s ON s.id = :stock JOIN kits k ON k.id = :kit
        JOIN kit_types t ON t.id = k.kit_type_id JOIN branches b ON b.id = k.branch_id
    WHERE p.id = :patron {FOR NO KEY UPDATE OF p, s, k}"""

FACTS = """
    SELECT
        (SELECT count(*) FROM loans
            WHERE patron_id = :patron AND received_at IS NULL AND state <> 'undone') AS unreceived,
        (SELECT count(*) FROM loans
            WHERE patron_id = :patron AND received_at IS NULL AND state <> 'undone' AND due_at < :at) AS overdue,
        (SELECT coalesce(sum(amount_cents), 0) FROM charges WHERE patron_id = :patron AND state = 'owed') AS owes_cents,
        (SELECT max(received_at) FROM loans WHERE patron_id = :patron) AS last_received_at,
        (SELECT patron_id FROM loans WHERE kit_id = :kit AND received_at IS NULL AND state <> 'undone') AS held_by_id,
        EXISTS (SELECT 1 FROM agreement_acceptances WHERE patron_id = :patron) AS signed_once,
        EXISTS (SELECT 1 FROM agreement_acceptances
            WHERE patron_id = :patron AND cohort_id = :cohort) AS signed_for_cohort,
        EXISTS (SELECT 1 FROM enrolments
            WHERE patron_id = :patron AND cohort_id = :cohort AND state = 'enrolled') AS seated,
        EXISTS (SELECT 1 FROM reservations
            WHERE kit_id = :kit AND state IN ('promised', 'pulling', 'in_transit', 'ready')
            AND patron_id IS DISTINCT FROM :patron) AS promised_to_another,
        (SELECT max(CASE l.state WHEN 'active' THEN 0 WHEN 'restoring' THEN 1 WHEN 'suspending' THEN 2
                WHEN 'suspended' THEN 3 WHEN 'ended' THEN 4 ELSE 9 END)
            FROM parts p JOIN line_placements m ON m.part_id = p.id JOIN lines l ON l.id = m.line_id
            WHERE p.kit_id = :kit AND m.until IS NULL) AS line_rank,
        (SELECT count(*) FROM reservations q
            WHERE q.stock_id = :stock AND q.cohort_id IS NULL AND q.state = 'waiting'
            AND q.id < r.id) AS waiting_before,
        (SELECT count(*) FROM reservations q LEFT JOIN enrolments e ON e.id = q.enrolment_id
            WHERE q.stock_id = :stock AND q.cohort_id = :cohort AND q.state = 'waiting'
            AND (e.id IS NULL OR e.state = 'enrolled') AND q.id < r.id) AS waiting_in_pool,
        (SELECT barcode FROM kits WHERE id = r.kit_id AND id <> :kit) AS left_on_shelf,
        (SELECT h.id FROM households h JOIN patrons p ON p.household_id = h.id
            WHERE p.id = :patron AND NOT h.exempt) AS household_id,
        (SELECT key FROM period_keys WHERE period = :month) AS month_key,
        (SELECT key FROM period_keys WHERE period = :fiscal_year) AS fiscal_year_key,
        r.state AS reservation_state, r.stock_id AS reservation_stock_id, r.cohort_id AS reserved_cohort_id
    FROM reservations r WHERE r.id = :reservation"""

KIT_OUT = "UPDATE kits SET state = 'on_loan', place = NULL WHERE id = :kit AND state = :old"

ADD_LOAN = """
    INSERT INTO loans (public_id, kit_id, kit_type_id, patron_id, cohort_id, reservation_id, branch_id, station_id,
        checked_out_by_id, checked_out_at, recorded_at, door, state, term, due_at, renewals, book_drop)
    VALUES (:public_id, :kit, :kit_type, :patron, :cohort, :reservation, :branch, :station, :staff, :at, :at, 'web',
        'out', 1, :due_at, 0, :no) RETURNING id"""

ADD_TERM = """
    INSERT INTO loan_terms (loan_id, n, kind, due_at, cohort_id, policy_id, rule, staff_id, made_at)
    VALUES (:loan, 1, 'check_out', :due_at, :cohort, :policy, 'cohort_return_by', :staff, :at)"""

SNAPSHOT = """
    INSERT INTO loan_parts (loan_id, part_id, name, quantity, returnable, bills_alone, price_cents, manufacturer, model,
        serial, fund, state)
    SELECT :loan, p.id, k.name, p.quantity, k.returnable, k.bills_alone, coalesce(p.price_cents, k.price_cents),
        p.manufacturer, p.model, p.serial, p.fund, CASE WHEN k.returnable THEN 'out' ELSE 'given' END
    FROM parts p JOIN kit_type_parts k ON k.id = p.kind_id
    WHERE p.kit_id = :kit AND p.state = 'here' ORDER BY k.position, p.id"""

PICK_UP = """
    UPDATE reservations SET state = 'picked_up', kit_id = :kit, ended_at = :at
    WHERE id = :reservation AND state = :old"""

TELL = """
    INSERT INTO notices (public_id, subject, step, channel, patron_id, loan_id, term, state, due_at, made_at, tries)
    VALUES (:public_id, :subject, 'receipt', 'email', :patron, :loan, 1, 'pending', :at, :at, 0)"""

RECORD = """
    INSERT INTO journal (act, verb, at, recorded_at, door, role, staff_id, station_id, branch_id, kit_id, loan_id,
        cohort_id, detail)
    VALUES (:act, :verb, :at, :at, 'web', :role, :staff, :station, :branch, :kit, :loan, :cohort, :detail)"""

COUNT = """
    INSERT INTO daily_counts (day, branch_id, kit_type_id, cohort_id, counter, n)
    VALUES (:day, :branch, :kit_type, :cohort, :counter, 1)
    ON CONFLICT (day, branch_id, kit_type_id, cohort_id, counter) DO UPDATE SET n = daily_counts.n + 1"""

SERVE = """
    INSERT INTO period_tokens (period, whom, branch_id, kit_type_id, program_id, token, n)
    VALUES (:month, 'household', :branch, :kit_type, :program, :household_of_month, 1),
        (:month, 'patron', :branch, :kit_type, :program, :patron_of_month, 1),
        (:fiscal_year, 'household', :branch, :kit_type, :program, :household_of_year, 1),
        (:fiscal_year, 'patron', :branch, :kit_type, :program, :patron_of_year, 1)
    ON CONFLICT (period, whom, branch_id, kit_type_id, program_id, token) DO UPDATE SET n = period_tokens.n + 1"""

LOCK_KIT = """
    SELECT k.id, k.barcode, k.state, k.stock_id, k.branch_id, k.in_transit_to_id, k.kit_type_id, t.code AS kit_type,
        s.branch_id AS owner_id, o.name AS owner, b.zone, b.hours, b.floats, b.name AS branch
    FROM kits k JOIN stocks s ON s.id = k.stock_id JOIN kit_types t ON t.id = k.kit_type_id
        JOIN branches o ON o.id = s.branch_id JOIN branches b ON b.id = :branch
    WHERE k.barcode = :kit {FOR NO KEY UPDATE OF s, k}"""

LOCK_LOAN = """
    SELECT l.id, l.public_id, l.state, l.patron_id, l.cohort_id, l.checked_out_at, l.due_at, l.term,
        l.branch_id AS lent_at, p.public_id AS patron, p.pseudonym, p.name AS patron_name,
        EXISTS (SELECT 1 FROM reservations WHERE stock_id = k.stock_id AND state = 'waiting') AS waited_for
    FROM loans l JOIN patrons p ON p.id = l.patron_id JOIN kits k ON k.id = l.kit_id
    WHERE l.kit_id = :kit AND l.received_at IS NULL AND l.state <> 'undone' {FOR NO KEY UPDATE OF l}"""

RECEIVE_KIT = """
    UPDATE kits SET state = 'to_inspect', branch_id = :branch, in_transit_to_id = :to, stock_id = :stock,
        turnaround_since = :at, round = round + 1, place = NULL WHERE id = :kit AND state = :old"""

RECEIVE_LOAN = """
    UPDATE loans SET state = 'received', received_at = :at, received_recorded_at = :at, received_door = 'web',
        received_branch_id = :branch, received_by_id = :staff, book_drop = :no WHERE id = :loan AND state = :old"""

CANCEL_NOTICES = """
    UPDATE notices SET state = 'cancelled' WHERE loan_id = :loan AND state = 'pending' AND step <> 'receipt'"""

_LOCKS = re.compile(r" ?\{([^}]*)\}")
_NAMES = re.compile(r"(?<!:):([a-z_]+)")


class NotAllowed(Exception):
    """Something stands against it; nothing was changed."""


@dataclass(frozen=True)
class Statements:
    """The statements in one driver's dialect, and how it takes instants, booleans and JSON."""

    text: Mapping[str, str]
    instant: Callable[[datetime], Any]
    read_instant: Callable[[Any], datetime]
    day: Callable[[date], Any]
    read_day: Callable[[Any], date]
    boolean: Callable[[bool], Any]
    document: Callable[[dict[str, Any]], Any]


def _texts(change: Callable[[str], str]) -> dict[str, str]:
    return {name: change(text) for name, text in globals().items() if name.isupper() and isinstance(text, str)}


SQLITE = Statements(
    text=_texts(lambda text: _LOCKS.sub("", text)),
    instant=lambda at: at.strftime("%Y-%m-%d %H:%M:%S.%f"),
    read_instant=lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC),
    day=date.isoformat,
    read_day=date.fromisoformat,
    boolean=int,
    document=json.dumps,
)
POSTGRESQL = Statements(
    text=_texts(lambda text: _NAMES.sub(r"%(\1)s", _LOCKS.sub(r" \1", text))),
    instant=lambda at: at,
    read_instant=lambda at: at,
    day=lambda day: day,
    read_day=lambda day: day,
    boolean=bool,
    document=Jsonb,
)


@dataclass(frozen=True)
class Staff:
    """Who is signed in, as the view knows them."""

    id: int
    role: str
    language: str
    session_version: str
    branches: frozenset[int]


def account(connection: Any, sql: Statements, public_id: str) -> Staff | None:
    """The account of a session."""
    rows = connection.execute(sql.text["ACCOUNT"], {"public_id": public_id}).fetchall()
    if not rows:
        return None
    first = rows[0]
    branches = frozenset(row["branch_id"] for row in rows if row["branch_id"] is not None)
    return Staff(first["id"], first["role"], first["language"], first["session_version"], branches)


def claim(connection: Any, sql: Statements, *, staff: Staff, key: str, body: dict[str, Any], at: datetime) -> str:
    """Claim a key for a new act, whose id it gives."""
    act = secrets.token_hex(8)
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    given = {"actor": f"staff:{staff.id}", "key": key, "digest": digest, "act": act, "at": sql.instant(at)}
    if connection.execute(sql.text["CLAIM"], given).rowcount != 1:
        raise NotAllowed("this key was used before")
    return act


def closing_of(hours: str, zone: str, on: date) -> datetime | None:
    """When the branch closes on a day, in UTC; ``None`` when it does not open. ``hours`` are as the row keeps them."""
    for day in hours.split("; "):
        name, _, times = day.partition(" ")
        if name == on.strftime("%a").lower():
            closes = times.rpartition("-")[2]
            if closes == "closed":
                return None
            return datetime.combine(on, time.fromisoformat(closes), ZoneInfo(zone)).astimezone(UTC)
    return None


def next_closing(rows: list[Any], sql: Statements, hours: str, zone: str, on: date) -> tuple[date, datetime]:
    """The first open day from ``on``, and when the branch closes on it."""
    while True:
        closed = any(sql.read_day(row["starts_on"]) <= on <= sql.read_day(row["ends_on"]) for row in rows)
        closing = None if closed else closing_of(hours, zone, on)
        if closing is not None:
            return on, closing
        on += timedelta(days=1)
