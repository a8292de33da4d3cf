"""Kit pages: the list of a person's branches, and one kit with its parts, its history and what may be done with it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lending.circulation import exchange as exchanging
from lending.circulation import kits as verbs
from lending.circulation import lost, missing_parts, transfers
from lending.circulation.calendars import local_day
from lending.circulation.codes import propose_kit_codes
from lending.circulation.lines import GivenLine, put_line
from lending.circulation.parts import GivenPart, replace_part
from lending.circulation.repair import finish_repair
from lending.circulation.returns import Receipt, return_kit
from lending.domain.barcodes import read
from lending.domain.permissions import Act
from lending.domain.states import KitState
from lending.errors import Refused
from lending.phrases import KIT_STATES
from lending.queries import branches as places
from lending.queries import kits as queries
from lending.queries.labels import kit_labels
from lending.web import current
from lending.web.access import allow
from lending.web.finding import kit_line
from lending.web.forms import (
    ExchangeForm,
    KitFilter,
    KitForm,
    LineForm,
    NewKitForm,
    PartForm,
    ReasonForm,
    SendForm,
    fill,
    offer,
)
from lending.web.kit_pages import button, form_page, kit_of, page_of, part_of
from lending.web.posting import Doing, posted, status

bp = Blueprint("kits", __name__, url_prefix="/kits")


@bp.get("")
@allow(Act.CIRCULATE, Act.CHANGE_KIT, Act.TRANSFER_KIT)
def index() -> ResponseReturnValue:
    """The kits of the person's branches."""
    own = current.branch_ids()
    with current.library().db.read() as session:
        here = [place for place in places.branches(session) if own is None or place.branch_id in own]
        types = places.kit_types(session)
        chosen = KitFilter(request.args, meta={"csrf": False})
        offer(chosen.branch, [("", _("All")), *((place.code, place.name) for place in here)])
        offer(chosen.type, [("", _("All")), *((kind.code, kind.name) for kind in types)])
        offer(chosen.state, [("", _("All")), *((state.value, _(KIT_STATES[state])) for state in KitState)])
        state = chosen.state.data if chosen.state.data in set(KitState) else None
        listed = queries.kit_list(
            session,
            branch_ids=own,
            branch=chosen.branch.data or None,
            kit_type=chosen.type.data or None,
            state=None if state is None else KitState(state),
            after=request.args.get("after", "")[:32] or None,
        )
    filters: dict[str, Any] = {
        name: request.args[name] for name in ("branch", "type", "state") if request.args.get(name)
    }
    return render_template(
        "kits/list.html",
        kits=[kit_line(kit) for kit in listed.kits],
        filters=chosen,
        total=listed.total,
        next_url=url_for("kits.index", **filters, after=listed.after) if listed.after else None,
        first_url=url_for("kits.index", **filters) if request.args.get("after") else None,
        may_add=current.may_anywhere(Act.CHANGE_KIT),
    )


@bp.get("/<barcode>")
@allow(Act.CIRCULATE, Act.CHANGE_KIT, Act.TRANSFER_KIT)
def show(barcode: str) -> ResponseReturnValue:
    """One kit of one's branches; what a scan tells of any other, the search shows."""
    return page_of(kit_of(barcode))


@bp.route("/new", methods=["GET", "POST"])
@allow(Act.CHANGE_KIT)
def new() -> ResponseReturnValue:
    """Add a kit with the parts its kind expects."""
    form = NewKitForm()
    own = current.branch_ids()
    with current.library().db.read() as session:
        here = {place.code: place for place in places.branches(session) if own is None or place.branch_id in own}
        offer(form.kit_type, [(kind.code, kind.name) for kind in places.kit_types(session)])
        free = _next_code(session)
    offer(form.branch, [(code, place.name) for code, place in here.items()])
    if free is not None:
        form.code.description = _("Scan it, or type it. The next free code is %(code)s.", code=free)

    def add(session: Any, at: Any, by: Any) -> None:
        verbs.add_kit(
            session,
            code=read(form.code.data, current.spaces()),
            kit_type=form.kit_type.data,
            branch_id=here[form.branch.data].branch_id,
            place=form.place.data or None,
            note=form.note.data or None,
            at=at,
            by=by,
        )

    done = posted(form, add)
    if done:
        flash(_("%(kit)s is added and free.", kit=read(form.code.data, current.spaces()).text), "done")
        return redirect(url_for("kits.show", barcode=read(form.code.data, current.spaces()).text), 303)
    heading = _("Add a kit")
    page = render_template("kits/edit.html", form=form, heading=heading, back_url=url_for("kits.index"), submit=heading)
    return page, status(form)


def _next_code(session: Session) -> str | None:
    """The free code after that of the newest kit; ``None`` where codes are not counted up."""
    newest = queries.newest_code(session, branch_ids=current.branch_ids())
    try:
        proposed = propose_kit_codes(session, read(newest or "", current.spaces()))
    except Refused:
        return None
    return proposed[0] if proposed else None


@bp.route("/<barcode>/edit", methods=["GET", "POST"])
@allow(Act.CHANGE_KIT)
def edit(barcode: str) -> ResponseReturnValue:
    """Change a kit's place and note."""
    kit, form = kit_of(barcode), KitForm()
    if request.method == "GET":
        fill(form, {"place": kit.place, "note": kit.note})
    return form_page(
        kit,
        form,
        lambda session, at, by: verbs.change_kit(
            session, kit=kit.code, details=form.given("place", "note"), at=at, by=by
        ),
        heading=_("Change %(kit)s", kit=kit.code),
        submit=_("Save"),
        told=_("%(kit)s is changed.", kit=kit.code),
    )


@bp.route("/<barcode>/withdraw", methods=["GET", "POST"])
@allow(Act.WITHDRAW_KIT)
def withdraw(barcode: str) -> ResponseReturnValue:
    """Take a kit out of service, with a reason."""
    kit, form = kit_of(barcode), ReasonForm()
    return form_page(
        kit,
        form,
        lambda session, at, by: verbs.withdraw(session, kit=kit.code, reason=form.reason.data, at=at, by=by),
        heading=_("Withdraw %(kit)s", kit=kit.code),
        submit=_("Withdraw"),
        told=_("%(kit)s is withdrawn.", kit=kit.code),
    )


@bp.route("/<barcode>/send", methods=["GET", "POST"])
@allow(Act.TRANSFER_KIT)
def send(barcode: str) -> ResponseReturnValue:
    """Send a kit to another branch."""
    kit, form = kit_of(barcode), SendForm()
    with current.library().db.read() as session:
        others = [place for place in places.branches(session) if place.branch_id != kit.branch_id]
    offer(form.to_branch, [(place.code, place.name) for place in others])
    return form_page(
        kit,
        form,
        lambda session, at, by: transfers.send(session, kit=kit.code, to_branch=form.to_branch.data, at=at, by=by),
        heading=_("Send %(kit)s to another library", kit=kit.code),
        submit=_("Send"),
        told=_("%(kit)s is on its way. Print its slip.", kit=kit.code),
    )


@bp.route("/<barcode>/parts/<int:part_id>/replace", methods=["GET", "POST"])
@allow(Act.CHANGE_KIT)
def replace(barcode: str, part_id: int) -> ResponseReturnValue:
    """Put another part in the place of one that is gone or broken."""
    kit, form = kit_of(barcode), PartForm()
    old = part_of(kit, part_id)

    def do(session: Any, at: Any, by: Any) -> None:
        tag = read(form.tag.data, current.spaces()) if form.tag.data else None
        given = GivenPart(
            kind=old.name,
            quantity=old.quantity,
            tag=tag,
            manufacturer=form.manufacturer.data or "",
            model=form.model.data or "",
            serial=form.serial.data or None,
        )
        replace_part(session, kit=kit.code, part_id=part_id, part=given, at=at, by=by)

    return form_page(
        kit,
        form,
        do,
        heading=_("Replace %(part)s in %(kit)s", part=old.name, kit=kit.code),
        submit=_("Replace"),
        told=_("%(part)s is replaced.", part=old.name),
    )


@bp.route("/<barcode>/parts/<int:part_id>/line", methods=["GET", "POST"])
@allow(Act.CHANGE_KIT)
def line(barcode: str, part_id: int) -> ResponseReturnValue:
    """Put a line into a part, for one that has ended or where there is none."""
    kit, form = kit_of(barcode), LineForm()
    part = part_of(kit, part_id)

    def do(session: Any, at: Any, by: Any) -> None:
        given = GivenLine(
            number=form.number.data,
            iccid=form.iccid.data or "",
            carrier=form.carrier.data or "",
            plan=form.plan.data or "",
        )
        on = local_day(session, kit.branch_id, at)
        put_line(session, line=given, kit=kit.code, part_id=part_id, on=on, at=at, by=by)

    return form_page(
        kit,
        form,
        do,
        heading=_("Put a line into %(part)s of %(kit)s", part=part.name, kit=kit.code),
        submit=_("Put it in"),
        told=_("The line is in %(kit)s.", kit=kit.code),
    )


@bp.route("/<barcode>/exchange", methods=["GET", "POST"])
@allow(Act.CIRCULATE)
def exchange(barcode: str) -> ResponseReturnValue:
    """A faulty kit comes in and another goes out, due as before."""
    kit, form, place = kit_of(barcode), ExchangeForm(), current.station()
    branch_id = kit.branch_id if place is None else place.branch_id

    def do(session: Any, at: Any, by: Any) -> None:
        replacement = read(form.replacement.data, current.spaces()).text
        exchanging.exchange(
            session,
            kit=kit.code,
            replacement=replacement,
            branch_id=branch_id,
            reason=form.reason.data,
            at=at,
            by=by,
        )

    return form_page(
        kit,
        form,
        do,
        heading=_("Exchange %(kit)s for another", kit=kit.code),
        submit=_("Exchange"),
        told=_("Exchanged. The other kit is out, due as before; put %(kit)s on the inspection cart.", kit=kit.code),
    )


@bp.post("/<barcode>/parts/<int:part_id>/report")
@allow(Act.CIRCULATE)
def report(barcode: str, part_id: int) -> ResponseReturnValue:
    """A patron says a part was not in the bag."""
    kit = kit_of(barcode)
    name = part_of(kit, part_id).name
    return button(
        kit,
        lambda session, at, by: missing_parts.report_missing_part(session, kit=kit.code, part_id=part_id, at=at, by=by),
        _("%(part)s is noted as missing from the bag. It will not be billed.", part=name),
    )


@bp.post("/<barcode>/parts/<int:part_id>/back")
@allow(Act.CIRCULATE)
def back(barcode: str, part_id: int) -> ResponseReturnValue:
    """A missing part was brought back."""
    kit = kit_of(barcode)
    name = part_of(kit, part_id).name
    return button(
        kit,
        lambda session, at, by: missing_parts.bring_back_part(session, kit=kit.code, part_id=part_id, at=at, by=by),
        _("%(part)s is back.", part=name),
    )


@bp.post("/<barcode>/<any(missing,found,located,lost,claimed,unclaimed,reinstate,repaired):what>")
@allow(Act.CIRCULATE, Act.CHANGE_KIT, Act.WITHDRAW_KIT)
def say(barcode: str, what: str) -> ResponseReturnValue:
    """One press: a kit cannot be found, was found, is lost, claimed returned or not after all, in service, repaired."""
    kit, place = kit_of(barcode), current.station()
    branch_id = kit.branch_id if place is None else place.branch_id
    acts: dict[str, tuple[Doing, str]] = {
        "missing": (
            lambda session, at, by: verbs.declare_missing(session, kit=kit.code, at=at, by=by),
            _("%(kit)s is listed as missing.", kit=kit.code),
        ),
        "found": (
            lambda session, at, by: verbs.find(session, kit=kit.code, branch_id=branch_id, at=at, by=by),
            _("%(kit)s is found. Put it on the inspection cart.", kit=kit.code),
        ),
        "lost": (
            lambda session, at, by: lost.declare_lost(session, kit=kit.code, at=at, by=by),
            _("%(kit)s is listed as lost, and charged once.", kit=kit.code),
        ),
        "claimed": (
            lambda session, at, by: lost.claim_returned(session, kit=kit.code, branch_id=branch_id, at=at, by=by),
            _("Noted: the patron says %(kit)s was returned. The clock has stopped.", kit=kit.code),
        ),
        "located": (
            lambda session, at, by: return_kit(
                session, kit=kit.code, branch_id=branch_id, at=at, by=by, receipt=Receipt.FOUND_BY_LIBRARY
            ),
            _("%(kit)s was here: it counts as back since the patron said so. Inspect it.", kit=kit.code),
        ),
        "unclaimed": (
            lambda session, at, by: lost.take_claim_back(session, kit=kit.code, branch_id=branch_id, at=at, by=by),
            _("The patron has %(kit)s after all. It is due as before.", kit=kit.code),
        ),
        "reinstate": (
            lambda session, at, by: verbs.reinstate(session, kit=kit.code, at=at, by=by),
            _("%(kit)s is back in service. Put it on the inspection cart.", kit=kit.code),
        ),
        "repaired": (
            lambda session, at, by: finish_repair(session, kit=kit.code, at=at, by=by),
            _("%(kit)s is repaired.", kit=kit.code),
        ),
    }
    act, told = acts[what]
    return button(kit, act, told)


@bp.get("/<barcode>/label.pdf")
@allow(Act.CIRCULATE, Act.CHANGE_KIT)
def label(barcode: str) -> ResponseReturnValue:
    """The kit's label, for a roll of single labels."""
    from lending.labels import SHEETS, Label, print_labels  # heavy, and few print a label here

    kit = kit_of(barcode)
    with current.library().db.read() as session:
        found = kit_labels(session, [kit.code])[0]
    library = current.library().own_settings().name
    pdf = print_labels([Label(found.code, found.kit_type, found.branch, library)], SHEETS["single"])
    return Response(pdf, content_type="application/pdf")
