"""What the library keeps about people, column by column, and how long.

A column that can hold words, a day, or the key of a person is classed here: personal with the rule by which it goes, or
not personal with the reason. The others hold a number, a yes or no, an instant, a state, or the key of a thing, and say
nothing of a person once the person is cut from their row. A test compares this with the rows of the models, so that
nothing new is kept without a rule.
Source: RULES 8 ("Two clocks"); issue "Managers see what circulated", Build 5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import StrEnum, unique
from typing import Final


@unique
class Rule(StrEnum):
    """When a personal column is emptied, or its row deleted."""

    CUT = "cut"
    """So many days after the thing is over (the library's setting), unless the patron keeps their history."""
    ERASED = "erased"
    """When the patron's record is erased."""
    EVENT = "event"
    """So many days after the workshop or the session, whoever it was."""
    CONSENT = "consent"
    """When the consent is withdrawn."""
    YEAR = "year"
    """A year after the workshop or session that it is about."""
    TWO_YEARS = "two_years"
    """Two years after the decision."""
    MONTH = "month"
    """Thirty days after the act."""
    DAY = "day"
    """A day later, by a sweep."""
    PERIOD = "period"
    """Its key is destroyed when the period is over; then it leads to nobody."""
    LEDGER = "ledger"
    """Ten years after the last date of the device, sealed (47 CFR 54.1715)."""
    STAFF = "staff"
    """Staff, in their work: as long as the account and what it did are kept."""
    JOURNAL = "journal"
    """For good; a pseudonym that leads to a record until that is erased, and never stands beside what was borrowed."""


@unique
class Plain(StrEnum):
    """Why a column that holds words or a day is not personal."""

    CODE = "code"
    """A code or number of a thing, or an address inside this program."""
    THING = "thing"
    """Describes a thing, a place, a text or a setting of the library."""
    DAY = "day"
    """A day of the library's own calendar."""
    DIGEST = "digest"
    """A digest or a key from which nobody is found."""


CUT_AFTER_YEAR: Final = timedelta(days=365)
"""How long open answers of surveys are read, and a referral is asked after at most."""

OWN_REASONS: Final = frozenset(
    {
        *(
            "another library",
            "cancelled",
            "dropped",
            "erased",
            "last borrow date",
            "merged",
            "not at the first workshop",
        ),
        *("not_collected", "offer lapsed", "session cancelled", "session over", "transferred", "withdrawn"),
    }
)
"""Why a seat or a promise ended, in the library's own words; any other reason somebody typed."""

REQUESTS_KEPT: Final = timedelta(days=730)
"""How long a request for records names who asked, after the decision."""


def _all(rule: Rule, columns: str) -> dict[str, Rule]:
    return dict.fromkeys(columns.split(), rule)


PERSONAL: Mapping[str, Mapping[str, Rule]] = {
    "agreement_acceptances": _all(Rule.CUT, "patron_id typed_name") | _all(Rule.STAFF, "staff_id"),
    "api_tokens": _all(Rule.STAFF, "staff_id name"),
    "attendances": _all(Rule.CUT, "patron_id") | _all(Rule.STAFF, "staff_id"),
    "branches": _all(Rule.STAFF, "equipment_keeper"),
    "captains": _all(Rule.EVENT, "patron_id name"),
    "cards": _all(Rule.ERASED, "number patron_id"),
    "charges": _all(Rule.CUT, "patron_id ended_reason"),
    "closed_months": _all(Rule.STAFF, "staff_id"),
    "cohorts": _all(Rule.EVENT, "captains"),
    "enrolments": _all(Rule.CUT, "patron_id ended_reason"),
    "households": _all(Rule.ERASED, "address_key"),
    "idempotency_keys": _all(Rule.MONTH, "actor"),
    "import_rows": _all(Rule.DAY, "before"),
    "import_runs": _all(Rule.DAY, "content report") | _all(Rule.STAFF, "staff_id file_name"),
    "inquiry_tallies": _all(Rule.STAFF, "staff_id"),
    "journal": _all(Rule.JOURNAL, "patron detail") | _all(Rule.STAFF, "staff_id"),
    "kit_uses": _all(Rule.CUT, "patron_id") | _all(Rule.STAFF, "staff_id"),
    "ledger_entries": _all(Rule.LEDGER, "sealed_name"),
    "ledger_openings": _all(Rule.STAFF, "reason asked_by_id approved_by_id"),
    "loan_parts": _all(Rule.CUT, "note"),
    "loan_terms": _all(Rule.CUT, "reason") | _all(Rule.STAFF, "staff_id"),
    "loans": _all(Rule.CUT, "patron_id collected_by override") | _all(Rule.STAFF, "checked_out_by_id received_by_id"),
    "notice_texts": _all(Rule.STAFF, "changed_by_id"),
    "notices": _all(Rule.CUT, "patron_id"),
    "patrons": _all(
        Rule.ERASED,
        "name name_key birth_date guardian_agreed_on email phone text_consent_wording street unit city postal_code"
        " expires_on blocked_reason pin_hash note merged_into_id",
    )
    | _all(Rule.JOURNAL, "pseudonym"),
    "period_tokens": _all(Rule.PERIOD, "token"),
    "pin_codes": _all(Rule.DAY, "patron_id digest"),
    "records_requests": _all(Rule.TWO_YEARS, "asker note") | _all(Rule.STAFF, "staff_id decided_by_id"),
    "recovery_codes": _all(Rule.STAFF, "staff_id digest"),
    "referrals": _all(Rule.CUT, "patron_id") | _all(Rule.STAFF, "staff_id"),
    "registrations": _all(Rule.EVENT, "name name_key email phone text_consent_wording"),
    "reservations": _all(Rule.CUT, "patron_id ended_reason"),
    "sign_in_limits": _all(Rule.DAY, "account"),
    "staff": _all(Rule.STAFF, "username name email password_hash totp_secret oidc_subject"),
    "staff_branches": _all(Rule.STAFF, "staff_id"),
    "staff_programs": _all(Rule.STAFF, "staff_id"),
    "stocktakes": _all(Rule.STAFF, "began_by_id"),
    "stories": _all(Rule.CONSENT, "text named_as"),
    "survey_answers": _all(Rule.YEAR, "helped better"),
    "tasks": _all(Rule.CUT, "patron_id subject what outcome") | _all(Rule.STAFF, "closed_by_id"),
    "turnaround_steps": _all(Rule.STAFF, "staff_id proof"),
    "webhooks": _all(Rule.STAFF, "made_by_id"),
}
"""Every column that may say something of a person, by table."""

_PLAIN: Mapping[str, Mapping[Plain, str]] = {
    "agreements": {Plain.CODE: "code language", Plain.THING: "title body", Plain.DAY: "published_on"},
    "api_tokens": {Plain.DIGEST: "digest"},
    "branches": {Plain.CODE: "code zone", Plain.THING: "name address phone hours"},
    "closed_months": {Plain.DAY: "month"},
    "closures": {Plain.DAY: "starts_on ends_on", Plain.THING: "hours reason"},
    "cohorts": {
        Plain.CODE: "code languages",
        Plain.THING: "name partners materials",
        Plain.DAY: "starts_on ends_on return_by pickup_from",
    },
    "daily_counts": {Plain.DAY: "day", Plain.CODE: "counter"},
    "daily_durations": {Plain.DAY: "day"},
    "daily_part_counts": {Plain.DAY: "day", Plain.CODE: "counter"},
    "ended_sessions": {Plain.DIGEST: "digest"},
    "heard_of": {Plain.DAY: "day"},
    "hiring_events": {Plain.THING: "name place"},
    "idempotency_keys": {Plain.CODE: "key act", Plain.DIGEST: "digest"},
    "import_runs": {Plain.CODE: "kind", Plain.THING: "columns"},
    "inquiry_tallies": {Plain.DAY: "day", Plain.CODE: "topic"},
    "job_runs": {Plain.CODE: "name problem"},
    "jobs_leaders": {Plain.CODE: "name holder"},
    "journal": {Plain.CODE: "act verb"},
    "journal_seals": {Plain.DIGEST: "digest"},
    "kit_type_parts": {Plain.THING: "name", Plain.CODE: "photo"},
    "kit_types": {Plain.CODE: "code statement photo", Plain.THING: "name description"},
    "kits": {Plain.CODE: "barcode", Plain.THING: "place note withdrawn_reason"},
    "ladder_steps": {Plain.CODE: "code"},
    "ladder_steps_taken": {Plain.CODE: "step"},
    "ledger_entries": {
        Plain.THING: "part_type make model serial",
        Plain.DAY: "out_on in_on notified_on keep_until",
        Plain.DIGEST: "key_mark",
    },
    "library_settings": {Plain.CODE: "name", Plain.THING: "value"},
    "line_placements": {Plain.DAY: "since until"},
    "lines": {Plain.CODE: "number iccid", Plain.THING: "carrier plan fund"},
    "loan_parts": {Plain.THING: "name manufacturer model serial fund"},
    "loan_terms": {Plain.CODE: "rule"},
    "notice_texts": {Plain.CODE: "step language", Plain.THING: "subject body"},
    "notices": {Plain.CODE: "subject step problem"},
    "parts": {
        Plain.CODE: "tag serial imei purchase_reference",
        Plain.THING: "manufacturer model network_name network_password fund",
        Plain.DAY: "delivered_on",
    },
    "patrons": {Plain.CODE: "language session_version"},
    "period_keys": {Plain.CODE: "period", Plain.DIGEST: "key"},
    "period_tokens": {Plain.CODE: "period"},
    "pictures": {Plain.CODE: "media_type", Plain.THING: "content"},
    "programs": {
        Plain.CODE: "code agreement_code",
        Plain.THING: "name description eligibility",
        Plain.DAY: "ends_on last_borrow_on",
    },
    "recorded_views": {Plain.DAY: "day"},
    "records_requests": {Plain.THING: "routed_to"},
    "referrals": {Plain.CODE: "sent_to reason", Plain.DAY: "referred_on consented_on outcome_on"},
    "registrations": {Plain.CODE: "reference language"},
    "reported_counts": {Plain.DAY: "month", Plain.CODE: "counter"},
    "reservations": {Plain.CODE: "pickup_code"},
    "staff": {Plain.CODE: "language session_version"},
    "stations": {Plain.THING: "name"},
    "stock_days": {Plain.DAY: "day"},
    "stocktakes": {Plain.THING: "place"},
    "stories": {Plain.CODE: "wording", Plain.DAY: "consented_on"},
    "survey_answers": {Plain.DIGEST: "mark"},
    "webhook_deliveries": {Plain.CODE: "event problem", Plain.THING: "body"},
    "webhooks": {Plain.THING: "url events", Plain.DIGEST: "secret"},
    "workshops": {Plain.THING: "title", Plain.DAY: "posted_on"},
}


def class_of(table: str, column: str) -> Rule | Plain | None:
    """How a column is classed; ``None`` for one that nobody has classed. A ``public_id`` is a code in every table."""
    personal = PERSONAL.get(table, {}).get(column)
    if personal is not None:
        return personal
    if column == "public_id":
        return Plain.CODE
    return next((why for why, columns in _PLAIN.get(table, {}).items() if column in columns.split()), None)


def classed() -> Iterator[tuple[str, str]]:
    """Every column that is named here, twice where it is named twice."""
    for table, rules in PERSONAL.items():
        yield from ((table, column) for column in rules)
    for table, groups in _PLAIN.items():
        yield from ((table, column) for columns in groups.values() for column in columns.split())


def rules_of(table: str) -> dict[Rule, tuple[str, ...]]:
    """The rules of a table, each with the columns that follow it."""
    found: dict[Rule, tuple[str, ...]] = {}
    for column, rule in PERSONAL.get(table, {}).items():
        found[rule] = (*found.get(rule, ()), column)
    return found
