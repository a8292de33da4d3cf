"""Patron pages: found, shown, registered, changed, blocked; a card replaced, a double record merged.

A search by name and a look at contact details are journalled. Source: RULES 2 and 8; the permission sheet.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lending.circulation import merging
from lending.circulation import patrons as verbs
from lending.circulation.charges import pay_charge, refund_charge, waive_charge
from lending.domain.barcodes import Kind, is_provisional, read
from lending.domain.permissions import Act, Role
from lending.domain.states import ChargeState, LoanState
from lending.errors import Reason, Refused
from lending.models.base import new_public_id
from lending.phrases import CHARGE_STATES
from lending.queries import branches as places
from lending.queries import charges, desk
from lending.queries import patrons as queries
from lending.queries.enrolments import Standing
from lending.queries.patrons import ChargeShown, PatronShown
from lending.web import current, finding
from lending.web.access import allow
from lending.web.charged import charged_for
from lending.web.forms import (
    TOLD_BY,
    CardForm,
    KeyedForm,
    MergeForm,
    NewPatronForm,
    PatronForm,
    ReasonForm,
    fill,
    offer,
)
from lending.web.posting import Doing, NotDone, posted, pressed, status
from lending.web.queues import reserved_openly
from lending.web.standing import standing

bp = Blueprint("patrons", __name__, url_prefix="/patrons")


@bp.get("")
@allow(Act.FIND_PATRON)
def index() -> ResponseReturnValue:
    """Find a patron; the page opens empty, because a search is journalled."""
    found = finding.find(request.args.get("q", ""))
    if found["go"]:
        return redirect(found["go"])
    return render_template(
        "patrons/list.html",
        query=found["query"],
        patrons=found["patrons"],
        too_short=found["too_short"],
        more=found["more"],
        may_add=current.may_anywhere(Act.CHANGE_PATRON),
    )


@bp.route("/new", methods=["GET", "POST"])
@allow(Act.CHANGE_PATRON)
def new() -> ResponseReturnValue:
    """Register a person under a card."""
    form = NewPatronForm()
    own = current.branch_ids()
    with current.library().db.read() as session:
        here = {place.code: place for place in places.branches(session) if own is None or place.branch_id in own}
    offer(form.home_branch, [(code, place.name) for code, place in here.items()])
    place = current.station()
    if request.method == "GET":
        fill(form, {"home_branch": place.branch_code if place else None, "card": request.args.get("card", "")[:32]})
    made: list[str] = []

    def do(session: Any, at: Any, by: Any) -> None:
        done = verbs.register(
            session,
            card=read(form.card.data, current.spaces()),
            details=form.details(),
            home_branch_id=here[form.home_branch.data].branch_id,
            at=at,
            by=by,
        )
        made[:] = [done.patron]

    if posted(form, do):
        flash(_("The patron is registered. Scan the card at the desk."), "done")
        target = url_for("patrons.show", public_id=made[0]) if made else url_for("patrons.index")
        return redirect(target, 303)
    return _form(form, _("Add a patron"), url_for("patrons.index"), _("Add")), status(form)


@bp.get("/<public_id>")
@allow(Act.FIND_PATRON)
def show(public_id: str) -> ResponseReturnValue:
    """One patron. Looking at contact details is journalled."""
    patron = _patron(public_id)
    by, at = current.actor(at_station=current.station()), current.now()
    current.library().db.act(lambda session: verbs.note_look(session, patron=public_id, at=at, by=by))
    return _show(patron)


def _show(patron: PatronShown, not_done: NotDone = NotDone()) -> ResponseReturnValue:
    """The page of a patron, with why a button on it was not done."""
    with current.library().db.read() as session:
        strip = desk.strip_by_public_id(
            session, patron.patron, branch_id=patron.home_branch_id, zone=patron.zone, at=current.now()
        )
        claims = charges.claims(session, patron.patron)
    shown = {**_shown(patron, strip), "claims": claims}
    page = render_template("patrons/show.html", patron=shown, problems=not_done.sentences)
    return page, not_done.status


@bp.route("/<public_id>/edit", methods=["GET", "POST"])
@allow(Act.CHANGE_PATRON)
def edit(public_id: str) -> ResponseReturnValue:
    """Change what the library knows about a patron."""
    patron, form = _patron(public_id), PatronForm()
    if request.method == "GET":
        fill(form, {name: getattr(patron, name) for name in form.DETAILS})
        agreed = patron.text_consent_at is not None
        fill(form, {"texts": agreed, "texts_before": "yes" if agreed else "", "notice_channel": _told_by(patron)})
    details = form.details(patron.phone)
    return _act(
        patron,
        form,
        lambda session, at, by: verbs.change(session, patron=public_id, details=details, at=at, by=by),
        heading=_("Change a patron"),
        submit=_("Save"),
        told=_("Saved."),
    )


@bp.route("/<public_id>/card", methods=["GET", "POST"])
@allow(Act.CHANGE_PATRON)
def card(public_id: str) -> ResponseReturnValue:
    """Give a patron a new card; the old number says that it was replaced."""
    patron, form = _patron(public_id), CardForm()
    return _act(
        patron,
        form,
        lambda session, at, by: verbs.replace_card(
            session, patron=public_id, card=read(form.card.data, current.spaces()), at=at, by=by
        ),
        heading=_("Replace the card"),
        submit=_("Replace"),
        told=_("The card is replaced. The old one no longer works."),
    )


@bp.route("/<public_id>/merge", methods=["GET", "POST"])
@allow(Act.MERGE_PATRONS)
def merge(public_id: str) -> ResponseReturnValue:
    """Bring a double record into this one."""
    patron, form = _patron(public_id), MergeForm()

    def do(session: Any, at: Any, by: Any) -> None:
        code = read(form.card.data, current.spaces())
        if code.kind is not Kind.PATRON:
            raise Refused.because(Reason.CODE_NOT_A_CARD, kind=code.kind.value)
        double = verbs.patron_with_card(session, code)
        merging.merge(session, loser=double.public_id, survivor=public_id, at=at, by=by)

    return _act(
        patron,
        form,
        do,
        heading=_("Merge a double record into this one"),
        submit=_("Merge"),
        told=_("Both records are one now."),
    )


@bp.route("/<public_id>/block", methods=["GET", "POST"])
@allow(Act.CHANGE_PATRON)
def block(public_id: str) -> ResponseReturnValue:
    """Block a card by hand, with a reason that staff read."""
    patron, form = _patron(public_id), ReasonForm()
    return _act(
        patron,
        form,
        lambda session, at, by: verbs.block(session, patron=public_id, reason=form.reason.data, at=at, by=by),
        heading=_("Block the card"),
        submit=_("Block"),
        told=_("The card is blocked."),
    )


@bp.post("/<public_id>/unblock")
@allow(Act.CHANGE_PATRON)
def unblock(public_id: str) -> ResponseReturnValue:
    """Lift a block that was set by hand."""
    return _button(
        _patron(public_id),
        lambda session, at, by: verbs.unblock(session, patron=public_id, at=at, by=by),
        _("The block is lifted."),
    )


@bp.post("/<public_id>/charges/<charge>/payment")
@allow(Act.RECORD_PAYMENT)
def pay(public_id: str, charge: str) -> ResponseReturnValue:
    """Note that a patron paid a charge in full."""
    patron = _patron(public_id)
    owed = _charge(patron, charge)
    return _button(
        patron,
        lambda session, at, by: pay_charge(session, charge=charge, at=at, by=by),
        _("%(amount)s is paid.", amount=current.reader().money(owed.amount_cents)),
    )


@bp.post("/<public_id>/charges/<charge>/refund")
@allow(Act.RECORD_PAYMENT)
def refund(public_id: str, charge: str) -> ResponseReturnValue:
    """Note that a patron was handed back what they had paid."""
    patron = _patron(public_id)
    paid = _charge(patron, charge)
    return _button(
        patron,
        lambda session, at, by: refund_charge(session, charge=charge, at=at, by=by),
        _("%(amount)s is handed back.", amount=current.reader().money(paid.amount_cents)),
    )


@bp.route("/<public_id>/charges/<charge>/waiver", methods=["GET", "POST"])
@allow(Act.WAIVE_CHARGE)
def waive(public_id: str, charge: str) -> ResponseReturnValue:
    """Let a patron off a charge, with a reason."""
    patron, form = _patron(public_id), ReasonForm()
    owed = _charge(patron, charge)
    return _act(
        patron,
        form,
        lambda session, at, by: waive_charge(session, charge=charge, reason=form.reason.data, at=at, by=by),
        heading=_("Waive %(amount)s", amount=current.reader().money(owed.amount_cents)),
        submit=_("Waive"),
        told=_("The charge is waived."),
    )


def _charge(patron: PatronShown, charge: str) -> ChargeShown:
    for one in patron.charges:
        if one.charge == charge:
            return one
    raise Refused.because(Reason.NOT_FOUND)


def _button(patron: PatronShown, do: Doing, told: str) -> ResponseReturnValue:
    not_done = pressed(do)
    if not_done is not None:
        return _show(_patron(patron.patron), not_done)
    flash(told, "done")
    return redirect(url_for("patrons.show", public_id=patron.patron), 303)


def _patron(public_id: str) -> PatronShown:
    with current.library().db.read() as session:
        found = queries.patron_shown(session, public_id, branch_ids=current.branch_ids())
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return found


def _form(form: KeyedForm, heading: str, back_url: str, submit: str) -> str:
    return render_template("patrons/edit.html", form=form, heading=heading, back_url=back_url, submit=submit)


def _act(patron: PatronShown, form: KeyedForm, do: Any, *, heading: str, submit: str, told: str) -> ResponseReturnValue:
    back_url = url_for("patrons.show", public_id=patron.patron)
    if posted(form, do):
        flash(told, "done")
        return redirect(back_url, 303)
    return _form(form, heading, back_url, submit), status(form)


def _shown(patron: PatronShown, strip: desk.PatronStrip | None) -> dict[str, Any]:
    reader, may_change = current.reader(), current.may(Act.CHANGE_PATRON, patron.home_branch_id)
    card = next((card.number for card in patron.cards if card.ended_at is None), None)
    lines = [" ".join(filter(None, (patron.street, patron.unit))), patron.city, patron.postal_code]
    return {
        "name": patron.name,
        "short_name": patron.short_name,
        "card": card,
        "card_good_until": reader.day_and_year(patron.expires_on) if patron.expires_on else None,
        "home_branch": patron.home_branch_name,
        "language": reader.language(patron.language),
        "birth_date": reader.birthday(patron.birth_date) if patron.birth_date else None,
        "email": patron.email,
        "phone": patron.phone,
        "texts": _texts(patron),
        "email_refused": patron.email_refused_at is not None,
        "told_by": dict(TOLD_BY).get(_told_by(patron)),
        "address": ", ".join(filter(None, lines)),
        "note": patron.note,
        "seats": [_seat(one) for one in strip.seats] if strip else [],
        "reserved": reserved_openly(patron),
        "reasons": [current.sentence(one) for one in strip.blocks] if strip else [],
        "kits_out": patron.kits_out,
        "limit": strip.limit if strip else 1,
        "owes_cents": patron.owes_cents,
        "loans": [
            {
                "kit_code": loan.kit,
                "kit_url": url_for("kits.show", barcode=loan.kit),
                "receipt_url": url_for("slips.receipt", loan=loan.loan),
                "out_on": reader.day_and_year(loan.checked_out_at),
                "collected_by": loan.collected_by,
                "due": reader.day_and_year(loan.due_at),
                "state": loan.state.value,
                "overdue": loan.state is LoanState.OUT and loan.due_at < current.now(),
            }
            for loan in patron.loans
        ],
        "charges": [
            {
                "what": _("%(kit)s: %(what)s", kit=charge.kit, what=charged_for(charge.kind, charge.part)),
                "amount_cents": charge.amount_cents,
                "state": _(CHARGE_STATES[charge.state]),
                "when": reader.day_and_year(charge.made_at),
                "actions": _charge_actions(patron, charge),
            }
            for charge in patron.charges
        ],
        "edit_url": url_for("patrons.edit", public_id=patron.patron) if may_change else None,
        "actions": _actions(patron, may_change),
        "key": new_public_id(),
    }


def _told_by(patron: PatronShown) -> str:
    return "" if patron.notice_channel is None else patron.notice_channel.value


def _texts(patron: PatronShown) -> str | None:
    """Since when a patron has agreed to text messages or wants no more."""
    day = current.reader().day_and_year
    if patron.text_consent_at is not None:
        return str(_("agreed on %(day)s", day=day(patron.text_consent_at)))
    return None if patron.text_stopped_at is None else str(_("stopped on %(day)s", day=day(patron.text_stopped_at)))


def _seat(one: Standing) -> dict[str, Any]:
    """How the patron stands in a session, and the page of that seat for whoever works where the kit is picked up."""
    may_see = current.person().role is not Role.PROGRAM and current.may(Act.ENROL, one.branch_id)
    return {
        "words": standing(one, current.reader()),
        "url": url_for("seats.show", enrolment=one.seat.id) if may_see else None,
    }


def _charge_actions(patron: PatronShown, charge: ChargeShown) -> list[dict[str, Any]]:
    """How this charge may end at this desk (the branch that made it has the last word), and proof that it was paid."""
    found: list[dict[str, Any]] = []

    def add(label: str, endpoint: str, *, post: bool) -> None:
        url = url_for(endpoint, public_id=patron.patron, charge=charge.charge)
        found.append({"label": label, "url": url, "post": post})

    if charge.state is ChargeState.OWED:
        if current.may_anywhere(Act.RECORD_PAYMENT):
            add(_("Paid"), "patrons.pay", post=True)
        if current.may_anywhere(Act.WAIVE_CHARGE):
            add(_("Waive"), "patrons.waive", post=False)
    elif charge.state is ChargeState.PAID and current.may_anywhere(Act.RECORD_PAYMENT):
        add(_("Receipt"), "slips.payment", post=False)
    elif charge.state is ChargeState.REFUND_DUE and current.may_anywhere(Act.RECORD_PAYMENT):
        add(_("Handed back"), "patrons.refund", post=True)
    return found


def _actions(patron: PatronShown, may_change: bool) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def add(label: str, endpoint: str, *, post: bool = False, tone: str = "") -> None:
        found.append({"label": label, "url": url_for(endpoint, public_id=patron.patron), "post": post, "tone": tone})

    if current.may_anywhere(Act.RESERVE):
        url = url_for("reservations.new", patron=patron.patron, fill=1)
        found.append({"label": _("Reserve a kit"), "url": url, "post": False, "tone": ""})
    if current.may_anywhere(Act.ENROL) and patron.card is not None:
        url = url_for("roster.enrol", patron=patron.patron)
        found.append({"label": _("Enroll in a session"), "url": url, "post": False, "tone": ""})
    if may_change:
        if patron.card is not None and is_provisional(patron.card):
            add(_("Verify"), "verifying.page")
        else:
            add(_("Replace the card"), "patrons.card")
        add(_("Code for a new PIN"), "pin_at_desk.give", post=True)
        if patron.blocked_reason is None:
            add(_("Block the card"), "patrons.block", tone="stop")
        else:
            add(_("Lift the block"), "patrons.unblock", post=True)
    if patron.charges and current.may_anywhere(Act.RECORD_PAYMENT):
        add(_("Statement"), "slips.statement")
    if current.may_anywhere(Act.MERGE_PATRONS):
        add(_("Merge a double record"), "patrons.merge")
        add(_("Erase the record"), "erasing.page", tone="stop")
    return found
