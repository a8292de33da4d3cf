"""A check-out and a return by hand: the statements of ``bare_sql.py`` in their order, inside one transaction."""

from __future__ import annotations

import hmac
import secrets
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.bare_sql import NotAllowed, Staff, Statements, claim, next_closing

BRANCH, STATION = 1, 1


def check_out(
    connection: Any, sql: Statements, *, staff: Staff, kit: str, card: str, key: str, body: dict[str, Any], at: datetime
) -> dict[str, Any]:
    """Lend a cohort's kit; what the view says about it."""
    run, text, instant, today = connection.execute, sql.text, sql.instant(at), at.date()
    if BRANCH not in staff.branches:
        raise NotAllowed("another branch")
    act = claim(connection, sql, staff=staff, key=key, body=body, at=at)
    found = run(
        text["RESOLVE"],
        {
            "kit": kit,
            "card": card,
            "branch": BRANCH,
            "at": instant,
            "day": sql.day(today),
            "yesterday": sql.day(today - timedelta(days=1)),
        },
    ).fetchone()
    if found is None or found["kit_id"] is None or found["patron_id"] is None or found["card_ended_at"] is not None:
        raise NotAllowed("unknown")
    since = {"branch": BRANCH, "since": sql.day(today - timedelta(days=1))}
    closures = run(text["CLOSURES"], since).fetchall()
    here = at.astimezone(ZoneInfo(found["zone"])).date()
    cohort_id = found["reserved_cohort_id"] or found["seat_cohort_id"]
    cohort = run(text["LOCK_COHORT"], {"cohort": cohort_id}).fetchone()
    ids = {"patron": found["patron_id"], "stock": found["stock_id"], "kit": found["kit_id"]}
    locked = run(text["LOCK"], ids).fetchone()
    periods = _periods(here, int(found["fiscal_year_begins"] or 7))
    seen = run(
        text["FACTS"], {**ids, **periods, "at": instant, "cohort": cohort_id, "reservation": found["reservation_id"]}
    ).fetchone()
    _refuse_unless_all_is_well(found, locked, seen, sql, here)
    due_on, due_at = next_closing(closures, sql, found["hours"], found["zone"], sql.read_day(cohort["return_by"]))
    loan = {
        **ids,
        "kit_type": locked["kit_type_id"],
        "public_id": secrets.token_hex(8),
        "cohort": cohort_id,
        "reservation": found["reservation_id"],
        "branch": BRANCH,
        "station": STATION,
        "staff": staff.id,
        "at": instant,
        "due_at": sql.instant(due_at),
        "no": sql.boolean(False),
        "policy": found["policy_id"],
    }
    if run(text["KIT_OUT"], {"kit": ids["kit"], "old": locked["kit_state"]}).rowcount != 1:
        raise NotAllowed("changed since")
    loan["loan"] = run(text["ADD_LOAN"], loan).fetchone()["id"]
    run(text["ADD_TERM"], loan)
    parts = run(text["SNAPSHOT"], loan).rowcount
    if run(text["PICK_UP"], {**loan, "old": seen["reservation_state"]}).rowcount != 1:
        raise NotAllowed("changed since")
    if locked["email"] is not None:
        run(text["TELL"], {**loan, "public_id": secrets.token_hex(8), "subject": f"loan:{loan['public_id']}:1"})
    detail = {
        "due_at": due_at.isoformat(),
        "due_on": due_on.isoformat(),
        "rule": "cohort_return_by",
        "from": locked["kit_state"],
        "reservation": seen["reservation_state"],
        "left_on_shelf": seen["left_on_shelf"],
        "parts": parts,
        "overridden": [],
        "note": "",
    }
    journal = {"act": act, "verb": "check_out", "role": staff.role}
    run(text["RECORD"], {**loan, **journal, "detail": sql.document(detail)})
    run(text["COUNT"], {**loan, "day": sql.day(here), "counter": "check_out"})
    run(text["SERVE"], {**loan, **periods, **_tokens(seen, locked["pseudonym"]), "program": cohort["program_id"]})
    return {
        "say": f"{locked['barcode']} checked out to {locked['patron_name']}. Due {due_on:%a, %b %d}.",
        "row": {"kit": locked["barcode"], "patron": locked["patron_name"], "time": f"{at:%H:%M}"},
        "loan": loan["public_id"],
    }


def _periods(here: date, begins: int) -> dict[str, str]:
    year = here.year if here.month >= begins else here.year - 1
    return {"month": f"{here:%Y-%m}", "fiscal_year": f"FY{year:04}-{begins:02}"}


def _tokens(seen: Any, pseudonym: str) -> dict[str, int]:
    """What stands for the household and the patron in the month and the year."""
    patron = f"patron:{pseudonym}"
    household = patron if seen["household_id"] is None else f"household:{seen['household_id']}"
    return {
        f"{whom}_of_{period}": int.from_bytes(hmac.digest(bytes(key), name.encode(), "sha256")[:8]) >> 1
        for period, key in (("month", seen["month_key"]), ("year", seen["fiscal_year_key"]))
        for whom, name in (("household", household), ("patron", patron))
    }


def _refuse_unless_all_is_well(found: Any, locked: Any, seen: Any, sql: Statements, here: Any) -> None:
    birth, expires = sql.read_day(locked["birth_date"]), sql.read_day(locked["expires_on"])
    against = (
        locked["kit_state"] not in ("available", "on_shelf")
        or locked["kit_branch_id"] != BRANCH
        or locked["in_transit_to_id"] is not None
        or locked["blocked_reason"] is not None
        or expires < here
        or (here.year - birth.year < found["adult_age"] and locked["guardian_agreed_on"] is None)
        or not seen["signed_once"]
        or seen["unreceived"] >= found["kit_limit"]
        or seen["overdue"]
        or seen["owes_cents"] > found["owes_limit_cents"]
        or seen["promised_to_another"]
        or seen["waiting_in_pool"]
        or seen["line_rank"] not in (None, 0)
        or seen["reservation_stock_id"] != found["stock_id"]
    )
    if against:
        raise NotAllowed("not now")


def return_kit(
    connection: Any, sql: Statements, *, staff: Staff, kit: str, key: str, body: dict[str, Any], at: datetime
) -> dict[str, Any]:
    """Take a kit back at the counter of its own branch; what the view says about it."""
    run, text, instant = connection.execute, sql.text, sql.instant(at)
    if BRANCH not in staff.branches:
        raise NotAllowed("another branch")
    act = claim(connection, sql, staff=staff, key=key, body=body, at=at)
    locked = run(text["LOCK_KIT"], {"kit": kit, "branch": BRANCH}).fetchone()
    if locked is None:
        raise NotAllowed("unknown")
    loan = run(text["LOCK_LOAN"], {"kit": locked["id"]}).fetchone()
    if loan is None:
        raise NotAllowed("not on loan")
    zone = ZoneInfo(locked["zone"])
    here, due = at.astimezone(zone).date(), sql.read_instant(loan["due_at"])
    days_late = max((here - due.astimezone(zone).date()).days, 1) if at > due else 0
    given = {
        "kit": locked["id"],
        "loan": loan["id"],
        "branch": BRANCH,
        "station": STATION,
        "staff": staff.id,
        "stock": locked["stock_id"],
        "to": None,
        "at": instant,
        "no": sql.boolean(False),
        "cohort": loan["cohort_id"],
        "kit_type": locked["kit_type_id"],
    }
    moved = run(text["RECEIVE_KIT"], {**given, "old": locked["state"]}).rowcount
    settled = run(text["RECEIVE_LOAN"], {**given, "old": loan["state"]}).rowcount
    if (moved, settled) != (1, 1):
        raise NotAllowed("changed since")
    run(text["CANCEL_NOTICES"], given)
    detail = {
        "kit_from": locked["state"],
        "loan_from": loan["state"],
        "branch_from": locked["branch_id"],
        "stock_from": locked["stock_id"],
        "book_drop": False,
        "next": "inspection",
        "owner": locked["owner_id"],
        "days_late": days_late,
        "lent_at": loan["lent_at"],
        "called": False,
        "lines": [],
        "fee_id": None,
    }
    journal = {"act": act, "verb": "return", "role": staff.role}
    run(text["RECORD"], {**given, **journal, "detail": sql.document(detail)})
    run(text["COUNT"], {**given, "day": sql.day(here), "counter": "return"})
    return {
        "say": f"{locked['barcode']} is back. Put it on the inspection cart.",
        "row": {"kit": locked["barcode"], "patron": loan["patron_name"], "time": f"{at:%H:%M}"},
        "loan": loan["public_id"],
    }
