"""Staff and patrons, and the ways they prove who they are."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum, unique

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lending.domain.permissions import Role
from lending.models.base import Base, Id, PublicId, enum_column, new_public_id
from lending.models.notices import Channel


class Staff(Base):
    """A staff account. ``session_version`` changes with the password, which ends every open session.

    ``totp_secret`` hides what a second factor is made from; it counts once ``totp_confirmed_at`` says that its owner's
    program makes the same codes. ``totp_last_step`` is the step of time of the last code that was taken, so that none
    is taken twice. ``oidc_subject`` is who the library's own sign-in service says that this is. ``weekly_mail``:
    whether last week's figures are sent on Mondays.
    """

    __tablename__ = "staff"
    __table_args__ = (Index("uq_staff_oidc_subject", "oidc_subject", unique=True),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    username: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[Role] = enum_column(Role)
    email: Mapped[str | None] = mapped_column(String(254))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    session_version: Mapped[str] = mapped_column(String(16), default=new_public_id)
    language: Mapped[str] = mapped_column(String(12), default="en")
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    totp_secret: Mapped[str | None] = mapped_column(String(64))
    totp_confirmed_at: Mapped[datetime | None]
    totp_last_step: Mapped[int | None]
    oidc_subject: Mapped[str | None] = mapped_column(String(255))
    weekly_mail: Mapped[bool] = mapped_column(default=True, server_default=true())

    branches: Mapped[list[StaffBranch]] = relationship(back_populates="staff", lazy="raise")
    programs: Mapped[list[StaffProgram]] = relationship(back_populates="staff", lazy="raise")
    tokens: Mapped[list[ApiToken]] = relationship(back_populates="staff", lazy="raise")


class StaffBranch(Base):
    """A branch that a staff member may act for."""

    __tablename__ = "staff_branches"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"), primary_key=True, index=True)

    staff: Mapped[Staff] = relationship(back_populates="branches")


class StaffProgram(Base):
    """A programme that a staff member leads."""

    __tablename__ = "staff_programs"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id"), primary_key=True, index=True)

    staff: Mapped[Staff] = relationship(back_populates="programs")


class ApiToken(Base):
    """A bearer token of a staff member or a system. Only its SHA-256 is kept."""

    __tablename__ = "api_tokens"

    id: Mapped[Id]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    staff: Mapped[Staff] = relationship(back_populates="tokens")


class RecoveryCode(Base):
    """One of the codes that open a staff account once, when its second factor is lost. Only its digest is kept."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("staff_id", "digest"),)

    id: Mapped[Id]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    digest: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]


class SignInLimit(Base):
    """How many guesses there were lately, counted here so that every process counts together.

    ``account`` is what is counted by (an account, an address, a browser) and a digest of its name, so that names nobody
    has and addresses are not stored.
    """

    __tablename__ = "sign_in_limits"

    account: Mapped[str] = mapped_column(String(80), primary_key=True)
    guesses: Mapped[int]
    since: Mapped[datetime]


class EndedSession(Base):
    """A browser's session that somebody signed out of, so that a copy of its cookie opens nothing.

    ``digest`` is the SHA-256 of the session's random id. It is forgotten when the shift it began is over anyway.
    """

    __tablename__ = "ended_sessions"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    ended_at: Mapped[datetime] = mapped_column(index=True)


class Household(Base):
    """An address with its unit. Locked before the household limit is counted.

    ``exempt``: a shelter or another address that many households share. No address matches nobody.
    """

    __tablename__ = "households"

    id: Mapped[Id]
    address_key: Mapped[str] = mapped_column(String(200), unique=True)
    exempt: Mapped[bool] = mapped_column(default=False)


@unique
class PatronStatus(StrEnum):
    """Whether the record still stands for a person."""

    ACTIVE = "active"
    MERGED = "merged"
    ERASED = "erased"


class Patron(Base):
    """A person who borrows.

    ``pseudonym`` names the patron on the journal, beside nothing they had, so that erasure leaves it whole.
    ``name_key`` is the folded name for searching. ``notice_channel`` is how they asked to be told; without it, by what
    reaches them first.
    ``email_refused_at``: their mail server does not know the address, and nothing is sent there until it is changed.
    ``provisional_since``: they gave their name online and have no card yet; nobody has checked who they are, and their
    reference stands for the card until then.
    ``blocked_reason`` is set by hand; blocks that follow from debts and overdues are derived, never stored.
    """

    __tablename__ = "patrons"
    __table_args__ = (
        Index("ix_patrons_home_branch_id_name_key", "home_branch_id", "name_key"),
        Index("ix_patrons_email", "email"),
        Index("ix_patrons_phone", "phone"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    pseudonym: Mapped[str] = mapped_column(String(16), unique=True, default=new_public_id)
    status: Mapped[PatronStatus] = enum_column(PatronStatus, default=PatronStatus.ACTIVE)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("patrons.id"), index=True)
    name: Mapped[str] = mapped_column(String(160))
    name_key: Mapped[str] = mapped_column(String(160))
    birth_date: Mapped[date | None]
    guardian_agreed_on: Mapped[date | None]
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(32))
    text_consent_at: Mapped[datetime | None]
    text_consent_wording: Mapped[str | None] = mapped_column(String(300))
    text_stopped_at: Mapped[datetime | None]
    email_refused_at: Mapped[datetime | None]
    notice_channel: Mapped[Channel | None] = enum_column(Channel)
    street: Mapped[str | None] = mapped_column(String(160))
    unit: Mapped[str | None] = mapped_column(String(40))
    city: Mapped[str | None] = mapped_column(String(80))
    postal_code: Mapped[str | None] = mapped_column(String(16))
    household_id: Mapped[int | None] = mapped_column(ForeignKey("households.id"), index=True)
    home_branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    language: Mapped[str] = mapped_column(String(12), default="en")
    expires_on: Mapped[date | None]
    blocked_reason: Mapped[str | None] = mapped_column(String(240))
    pin_hash: Mapped[str | None] = mapped_column(String(200))
    session_version: Mapped[str] = mapped_column(String(16), default=new_public_id)
    keeps_history: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime]
    provisional_since: Mapped[datetime | None]

    cards: Mapped[list[Card]] = relationship(back_populates="patron", lazy="raise")


class PinCode(Base):
    """A code with which a patron chooses a new PIN: sent to them, or given at the desk. Only its digest is kept.

    ``tries`` counts what was typed instead of it; ``ends_at`` is when it opens nothing any more.
    """

    __tablename__ = "pin_codes"

    id: Mapped[Id]
    patron_id: Mapped[int] = mapped_column(ForeignKey("patrons.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)


@unique
class CardEnd(StrEnum):
    """Why a card number no longer stands for its patron's current card."""

    REPLACED = "replaced"
    MERGED = "merged"


class Card(Base):
    """A library card number. Numbers are kept when they end, so that the old number says so."""

    __tablename__ = "cards"
    __table_args__ = (
        Index(
            "uq_cards_current_patron_id",
            "patron_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_cards_patron_id", "patron_id"),
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(32), unique=True)
    patron_id: Mapped[int] = mapped_column(ForeignKey("patrons.id"))
    issued_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end: Mapped[CardEnd | None] = enum_column(CardEnd)

    patron: Mapped[Patron] = relationship(back_populates="cards")
