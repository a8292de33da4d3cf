"""Kit types with what they should hold, and kits with what they do hold."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum, unique

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lending.domain.states import KIT_MOVES, KitState, KitVerb, after
from lending.models.base import Base, Id, enum_column


class KitType(Base):
    """A kind of kit that circulates as one unit. Prices are whole cents.

    ``cohort_only``: lent only to people enrolled in a cohort; otherwise open loans are allowed too. ``statement``: the
    code of an agreement that is signed besides the usual one, such as the statement of need for kits bought with ECF
    money. ``photo``, here and of a part, is the public id of a picture.
    """

    __tablename__ = "kit_types"
    __table_args__ = (CheckConstraint("whole_price_cents >= 0", name="price"),)

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(String(500), default="")
    whole_price_cents: Mapped[int]
    cohort_only: Mapped[bool] = mapped_column(default=False)
    statement: Mapped[str | None] = mapped_column(String(32))
    photo: Mapped[str | None] = mapped_column(String(200))

    parts: Mapped[list[KitTypePart]] = relationship(
        back_populates="kit_type", lazy="raise", order_by="KitTypePart.position"
    )


class KitTypePart(Base):
    """One kind of part that a kit of the type should hold.

    ``returnable`` parts are inspected and billed (``price_cents`` each); consumables are given away.
    ``bills_alone``: missing by itself it is billed at once and does not keep the loan open.
    """

    __tablename__ = "kit_type_parts"
    __table_args__ = (
        UniqueConstraint("kit_type_id", "name"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("price_cents >= 0", name="price"),
    )

    id: Mapped[Id]
    kit_type_id: Mapped[int] = mapped_column(ForeignKey("kit_types.id"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(80))
    quantity: Mapped[int] = mapped_column(default=1)
    returnable: Mapped[bool] = mapped_column(default=True)
    price_cents: Mapped[int] = mapped_column(default=0)
    bills_alone: Mapped[bool] = mapped_column(default=False)
    photo: Mapped[str | None] = mapped_column(String(200))

    kit_type: Mapped[KitType] = relationship(back_populates="parts")


class Kit(Base):
    """One circulating unit with one barcode on its container.

    ``branch_id`` is where it is, its stock says whom it belongs to; ``in_transit_to_id`` and ``sent_at`` are set while
    it travels.
    ``round`` counts its turnarounds, so that a step done in an earlier one proves nothing now.
    """

    __tablename__ = "kits"
    __table_args__ = (
        Index("ix_kits_branch_id_kit_type_id_state", "branch_id", "kit_type_id", "state"),
        Index("ix_kits_stock_id", "stock_id", "state"),
    )

    id: Mapped[Id]
    barcode: Mapped[str] = mapped_column(String(32), unique=True)
    kit_type_id: Mapped[int] = mapped_column(ForeignKey("kit_types.id"), index=True)
    stock_id: Mapped[int] = mapped_column(ForeignKey("stocks.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    in_transit_to_id: Mapped[int | None] = mapped_column(ForeignKey("branches.id"), index=True)
    sent_at: Mapped[datetime | None]
    place: Mapped[str | None] = mapped_column(String(60))
    _state: Mapped[KitState] = enum_column(KitState, "state")
    round: Mapped[int] = mapped_column(default=0)
    turnaround_since: Mapped[datetime | None]
    quarantine_until: Mapped[datetime | None]
    note: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str | None] = mapped_column(String(240))

    kit_type: Mapped[KitType] = relationship()
    parts: Mapped[list[Part]] = relationship(back_populates="kit", lazy="raise", order_by="Part.id")

    @hybrid_property
    def state(self) -> KitState:
        """Where the kit stands; only ``move`` and the compare-and-set of the hot paths change it."""
        return self._state

    def move(self, verb: KitVerb) -> None:
        """Go where ``KIT_MOVES`` leads; ``NoSuchMove`` when the table does not have it."""
        self._state = after(KIT_MOVES, self._state, verb)


@unique
class PartState(StrEnum):
    """What became of a part instance."""

    HERE = "here"
    MISSING = "missing"
    DAMAGED = "damaged"
    RETIRED = "retired"


class Part(Base):
    """One thing in a kit, with the marks that identify it and how it was bought.

    ``serial`` keeps its exact case and is unique per manufacturer. ``network_name`` and ``network_password`` are shown
    only to staff and to the borrower while the loan is open; never in exports, SIP2 or logs.
    """

    __tablename__ = "parts"
    __table_args__ = (
        Index(
            "uq_parts_manufacturer_serial",
            "manufacturer",
            "serial",
            unique=True,
            sqlite_where=text("serial IS NOT NULL"),
            postgresql_where=text("serial IS NOT NULL"),
        ),
        CheckConstraint("quantity > 0", name="quantity"),
    )

    id: Mapped[Id]
    kit_id: Mapped[int | None] = mapped_column(ForeignKey("kits.id"), index=True)
    kind_id: Mapped[int] = mapped_column(ForeignKey("kit_type_parts.id"), index=True)
    state: Mapped[PartState] = enum_column(PartState, default=PartState.HERE)
    quantity: Mapped[int] = mapped_column(default=1)
    tag: Mapped[str | None] = mapped_column(String(32), unique=True)
    manufacturer: Mapped[str] = mapped_column(String(80), default="")
    model: Mapped[str] = mapped_column(String(80), default="")
    serial: Mapped[str | None] = mapped_column(String(80))
    imei: Mapped[str | None] = mapped_column(String(16), unique=True)
    network_name: Mapped[str | None] = mapped_column(String(64))
    network_password: Mapped[str | None] = mapped_column(String(64))
    fund: Mapped[str | None] = mapped_column(String(60))
    purchase_reference: Mapped[str | None] = mapped_column(String(80))
    delivered_on: Mapped[date | None]
    price_cents: Mapped[int | None]
    retired_at: Mapped[datetime | None]

    kit: Mapped[Kit | None] = relationship(back_populates="parts")
    kind: Mapped[KitTypePart] = relationship()


@unique
class TurnaroundStepKind(StrEnum):
    """What must be done to a kit before it is free again."""

    WIPED = "wiped"
    CHARGED = "charged"
    RESTOCKED = "restocked"
    LINE_ACTIVE = "line_active"


class TurnaroundStep(Base):
    """A step of one turnaround, with its proof: when, who and how."""

    __tablename__ = "turnaround_steps"
    __table_args__ = (UniqueConstraint("kit_id", "round", "kind"),)

    id: Mapped[Id]
    kit_id: Mapped[int] = mapped_column(ForeignKey("kits.id"))
    round: Mapped[int]
    kind: Mapped[TurnaroundStepKind] = enum_column(TurnaroundStepKind)
    at: Mapped[datetime]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    proof: Mapped[str] = mapped_column(String(200), default="")
