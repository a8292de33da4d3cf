"""The sealed ledger's page: the inventory without names, and asking, approving and reading with them.

Source: RULES 8, "Two clocks" (B); 47 CFR 54.1715.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from lending.circulation import ledger_openings as verbs
from lending.circulation.equipment_keepers import LONGEST, name_keeper
from lending.domain.actors import Actor
from lending.domain.ledger import KEPT_YEARS, Stand
from lending.domain.permissions import Act
from lending.errors import Block, Reason
from lending.ledger_key import LedgerKeyLost
from lending.models.base import new_public_id
from lending.queries import ledger as queries
from lending.queries.ledger import OpeningShown
from lending.web import current
from lending.web.access import allow
from lending.web.forms import KeyedForm
from lending.web.posting import Doing, NotDone, posted, pressed, status
from lending.web.privacy.sheets import Cell, csv_answer, xlsx_answer
from lending.web.privacy.words import ENDS, KINDS, STANDS

bp = Blueprint("ledger", __name__, url_prefix="/administration/ledger")


class AskForm(KeyedForm):
    """For what the ledger is to be opened."""

    reason = TextAreaField(
        lazy_gettext("What for"),
        description=lazy_gettext("Such as the audit, and who asks for it. Write no patron's name."),
        validators=[InputRequired(lazy_gettext("Fill this in.")), Length(max=verbs.LONGEST_REASON)],
        render_kw={"rows": 3},
    )


class KeeperForm(KeyedForm):
    """The employee who answers for a branch's equipment."""

    branch = SelectField(lazy_gettext("Library"), validators=[InputRequired(lazy_gettext("Fill this in."))])
    name = StringField(
        lazy_gettext("Employee responsible"),
        description=lazy_gettext("Name and office. Empty where nobody is."),
        validators=[Optional(), Length(max=LONGEST)],
    )


@bp.route("", methods=["GET", "POST"])
@allow(Act.EXPORT_PATRONS)
def index() -> ResponseReturnValue:
    """What is in the ledger, who asked to open it; and asking."""
    form = AskForm()

    def ask(session: Session, at: datetime, by: Actor) -> None:
        verbs.ask_to_open(session, reason=form.reason.data, at=at, by=by)

    if posted(form, ask):
        flash(_("Every other administrator is told now. One of them has to approve."), "done")
        return redirect(url_for(".index"), 303)
    return _page(form), status(form)


@bp.route("/keepers", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def keepers() -> ResponseReturnValue:
    """Who answers for the equipment that stays in each building."""
    form = KeeperForm()
    with current.library().db.read() as session:
        found = queries.keepers(session)
    form.branch.choices = [SelectChoice(one.code, one.name) for one in found]

    def do(session: Session, at: datetime, by: Actor) -> None:
        name_keeper(session, branch=form.branch.data, name=form.name.data or "", at=at, by=by)

    if posted(form, do):
        flash(_("Saved."), "done")
        return redirect(url_for(".keepers"), 303)
    return render_template("privacy/keepers.html", form=form, keepers=found), status(form)


@bp.post("/<opening>/approval")
@allow(Act.EXPORT_PATRONS)
def approve(opening: str) -> ResponseReturnValue:
    """Approve what another administrator asked for."""
    return _button(
        lambda session, at, by: verbs.approve_opening(session, opening=opening, at=at, by=by),
        _("Approved. The ledger is open to them for a day."),
    )


@bp.post("/<opening>/closing")
@allow(Act.EXPORT_PATRONS)
def close(opening: str) -> ResponseReturnValue:
    """Take it back, or say no to it."""
    return _button(
        lambda session, at, by: verbs.close_opening(session, opening=opening, at=at, by=by), _("It is taken back.")
    )


@bp.post("/<opening>/reading")
@allow(Act.EXPORT_PATRONS)
def read(opening: str) -> ResponseReturnValue:
    """The ledger with names as a workbook; that it is read is on the journal before the file leaves.

    A key that did it before gets no file: nobody would ask whether the ledger is open still, or write the reading down.
    """
    try:
        seal = current.library().name_seal()
    except LedgerKeyLost:
        return _page(AskForm(), NotDone((current.sentence(Block(Reason.LEDGER_KEY_LOST)),), 409)), 409
    with current.library().db.snapshot() as session:
        rows = list(queries.ledger_rows(session, seal))
    noted: list[object] = []
    not_done = pressed(
        lambda session, at, by: noted.append(verbs.note_reading(session, opening=opening, rows=len(rows), at=at, by=by))
    )
    if not_done is not None:
        return _page(AskForm(), not_done), not_done.status
    if not noted:
        return redirect(url_for(".index"), 303)
    return xlsx_answer("ecf-ledger-with-names.xlsx", [(_("Ledger"), _ledger(rows))])


@bp.get("/inventory.xlsx")
@allow(Act.EXPORT_PATRONS)
def workbook() -> Response:
    """The inventory of devices and services, without any name of a borrower."""
    with current.library().db.read() as session:
        devices, lines = queries.assets(session), queries.services(session)
    return xlsx_answer("ecf-inventory.xlsx", [(_("Devices"), _devices(devices)), (_("Services"), _services(lines))])


@bp.get("/<string:which>.csv")
@allow(Act.EXPORT_PATRONS)
def plain(which: str) -> Response:
    """The devices or the services of the inventory as CSV."""
    if which not in ("devices", "services"):
        abort(404)
    with current.library().db.read() as session:
        lines = _devices(queries.assets(session)) if which == "devices" else _services(queries.services(session))
    return csv_answer(f"ecf-{which}.csv", lines)


def _button(do: Doing, told: str) -> ResponseReturnValue:
    not_done = pressed(do)
    if not_done is not None:
        return _page(AskForm(formdata=None), not_done), not_done.status
    flash(told, "done")
    return redirect(url_for(".index"), 303)


def _page(form: AskForm, not_done: NotDone = NotDone()) -> str:
    at = current.now()
    with current.library().db.read() as session:
        devices, lines = queries.assets(session), queries.services(session)
        sealed, found = queries.how_many(session), queries.openings(session, at=at)
    return render_template(
        "privacy/ledger.html",
        form=form,
        problems=not_done.sentences,
        facts=[
            (_("Devices that ECF money paid for"), len(devices)),
            (_("Lines that ECF money pays for"), len(lines)),
            (_("Names sealed"), sealed),
            (_("Kept"), _("%(years)s years from a device's last day", years=KEPT_YEARS)),
        ],
        openings=[_line(one) for one in found],
        key=new_public_id(),
    )


def _line(one: OpeningShown) -> dict[str, Any]:
    reader, mine = current.reader(), one.asked_by_id == current.person().staff_id
    actions = []

    def add(label: str, endpoint: str) -> None:
        actions.append({"label": label, "url": url_for(endpoint, opening=one.opening), "post": True, "tone": ""})

    if one.stand is Stand.OPEN and mine:
        add(_("Get the file with names"), "ledger.read")
    if one.stand is Stand.WAITING and not mine:
        add(_("Approve"), "ledger.approve")
    if one.stand in (Stand.WAITING, Stand.OPEN):
        add(_("Take back"), "ledger.close")
    return {
        "asked": reader.moment(one.asked_at),
        "by": one.asked_by,
        "reason": one.reason,
        "approved_by": one.approved_by,
        "opens": None if one.opens_at is None else reader.moment(one.opens_at),
        "stand": _(STANDS[one.stand]),
        "tone": {Stand.OPEN: "stop", Stand.WAITING: "look"}.get(one.stand, "out"),
        "actions": actions,
    }


def _ledger(rows: Sequence[queries.LedgerRow]) -> Iterator[Sequence[Cell]]:
    yield [
        *(_("What"), _("Part"), _("Make or carrier"), _("Model or plan"), _("Serial or SIM")),
        *(_("Download, Mbps"), _("Upload, Mbps"), _("Data cap, GB"), _("Library"), _("Borrower")),
        *(_("Out on"), _("Back on"), _("Notified as"), _("Notified on")),
    ]
    for row in rows:
        held = row.held
        yield [
            *(_(KINDS[held.kind]), held.part_type, held.make, held.model, held.serial),
            *(held.download_mbps, held.upload_mbps, held.data_cap_gb, row.branch),
            row.name if row.name is not None else _("sealed with another key"),
            *(held.out_on, held.in_on, None if held.notified_as is None else _(ENDS[held.notified_as])),
            held.notified_on,
        ]


def _devices(found: Sequence[queries.Asset]) -> Iterator[Sequence[Cell]]:
    yield [
        *(_("Part"), _("Make"), _("Model"), _("Serial number"), _("Label"), _("Kit"), _("Library")),
        *(_("Fund"), _("Purchase"), _("Delivered on"), _("State"), _("Loans"), _("Last out on")),
        _("Employee responsible"),
    ]
    for one in found:
        yield [
            *(one.part_type, one.make, one.model, one.serial, one.tag, one.kit, one.branch, one.fund),
            *(one.purchase_reference, one.delivered_on, one.state.value, one.loans, one.last_out_on, one.keeper),
        ]


def _services(found: Sequence[queries.Service]) -> Iterator[Sequence[Cell]]:
    yield [
        *(_("Carrier"), _("Plan"), _("Download, Mbps"), _("Upload, Mbps"), _("Data cap, GB"), _("Fund"), _("State")),
        *(_("Serial number"), _("Kit"), _("Library")),
    ]
    for one in found:
        yield [
            *(one.carrier, one.plan, one.download_mbps, one.upload_mbps, one.data_cap_gb, one.fund),
            *(one.state.value, one.serial, one.kit, one.branch),
        ]
