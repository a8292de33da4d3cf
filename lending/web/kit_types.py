"""Kinds of kit: the list, and what their kits should hold, with what a change means for the kits there are.

Source: SCREENS, "Administration"; the permission sheet, "kit types".
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from wtforms import BooleanField

from lending.circulation.kit_types import (
    KitTypeChange,
    KitTypePlan,
    Line,
    change_kit_type,
    preview_kit_type,
    show_photo,
)
from lending.circulation.kits import add_kit_type
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.errors import Block, Reason, Refused
from lending.field_words import FIELDS
from lending.phrases import N_
from lending.queries.kit_types import TypeToChange, agreement_codes, types_to_change
from lending.web import current
from lending.web.access import allow
from lending.web.acting import act_once
from lending.web.forms import KeyedForm
from lending.web.kit_type_form import SPARE_ROWS, KitTypeForm, with_parts
from lending.web.pictures import PictureField
from lending.web.posting import posted, status
from lending.wording import status_of

bp = Blueprint("kit_types", __name__, url_prefix="/administration/kit-types")

WHAT = {
    "quantity": N_("how many"),
    "returnable": N_("comes back"),
    "price_cents": N_("price of one"),
    "bills_alone": N_("billed at once if it alone is missing"),
    "order": N_("order of the parts"),
}
_APART = frozenset({"csrf_token", "seen", "again"})
_NEW_ROWS = 8


@bp.get("")
@allow(Act.ADMINISTER)
def index() -> ResponseReturnValue:
    """Every kind of kit."""
    with current.library().db.read() as session:
        found = types_to_change(session)
    return render_template("kit_types/list.html", kinds=found)


@bp.route("/new", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def new() -> ResponseReturnValue:
    """Add a kind of kit."""
    form = _form(_NEW_ROWS)
    if posted(form, lambda session, at, by: make_type(session, form.code.data or "", form.plan(), at, by)):
        flash(_("%(kind)s is added. Now add its kits.", kind=form.name.data), "done")
        return redirect(url_for("kit_types.show", kit_type=form.code.data), 303)
    page = render_template(
        "kit_types/edit.html",
        form=form,
        new=True,
        heading=_("Add a kind of kit"),
        submit=_("Add"),
        back_url=url_for("kit_types.index"),
    )
    return page, status(form)


def make_type(session: Session, code: str, plan: KitTypePlan, at: datetime, by: Actor) -> None:
    """Add a kind of kit as a form describes it."""
    add_kit_type(
        session,
        code=code,
        name=plan.name,
        description=plan.description,
        whole_price_cents=plan.whole_price_cents,
        parts=plan.parts,
        cohort_only=plan.cohort_only,
        statement=plan.statement,
        at=at,
        by=by,
    )


@bp.get("/<kit_type>")
@allow(Act.ADMINISTER)
def show(kit_type: str) -> ResponseReturnValue:
    """One kind of kit with its parts and photos."""
    return render_template("kit_types/show.html", kind=_kind(kit_type))


@bp.route("/<kit_type>/edit", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def edit(kit_type: str) -> ResponseReturnValue:
    """Change a kind of kit; what it means for its kits is said before it is saved."""
    kind = _kind(kit_type)
    form = _form(len(kind.parts) + SPARE_ROWS)
    del form.code  # what everybody calls it by, in files too
    if request.method == "GET":
        form.show(kind)
    heading = _("Change %(kind)s", kind=kind.name)
    if form.validate_on_submit() and "again" not in request.form:
        try:
            change = _preview(kind.code, form)
            seen = request.form.get("seen", "")
            if change.kits and seen != change.digest:
                return _preview_page(change, heading, outdated=bool(seen))
            act_once(
                lambda session, at, by: change_kit_type(
                    session, code=kind.code, plan=form.plan(), seen=change.digest, at=at, by=by
                )
            )
        except Refused as refused:
            form.refuse(_at_their_fields(refused))
            form.refusal_status = status_of(refused.blocks)
        else:
            flash(_("%(kind)s is saved.", kind=form.name.data), "done")
            return redirect(url_for("kit_types.show", kit_type=kind.code), 303)
    page = render_template(
        "kit_types/edit.html",
        form=form,
        new=False,
        heading=heading,
        submit=_("Save"),
        back_url=url_for("kit_types.show", kit_type=kind.code),
    )
    return page, status(form)


@bp.route("/<kit_type>/photo", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def photo(kit_type: str) -> ResponseReturnValue:
    """Give a kind of kit, or the part that the address names, a photo."""
    kind, part = _kind(kit_type), request.args.get("part")
    shown = [one.photo for one in kind.parts if one.name == part] if part else [kind.photo]
    if not shown:
        raise Refused.because(Reason.NOT_FOUND)
    form = PhotoForm()
    if shown[0] is None:
        del form.remove

    def do(session: Session, at: datetime, by: Actor) -> None:
        remove = bool(form.remove.data) if "remove" in form else False
        show_photo(session, code=kind.code, part=part, drawn=form.photo.drawn, remove=remove, at=at, by=by)

    if posted(form, do):
        flash(_("The photo is saved."), "done")
        return redirect(url_for("kit_types.show", kit_type=kind.code), 303)
    page = render_template(
        "kit_types/photo.html",
        form=form,
        photo=shown[0],
        heading=_("Photo of %(thing)s", thing=part or kind.name),
        submit=_("Save"),
        back_url=url_for("kit_types.show", kit_type=kind.code),
    )
    return page, status(form)


class PhotoForm(KeyedForm):
    """A photo of a kit or a part."""

    photo = PictureField(
        lazy_gettext("Photo"),
        description=lazy_gettext("A picture of the thing alone, up to 10 MB. Never of a person."),
    )
    remove = BooleanField(lazy_gettext("Show no photo any more"))


def _form(rows: int) -> KitTypeForm:
    form = with_parts(rows)()
    with current.library().db.read() as session:
        form.offer_statements(agreement_codes(session))
    return form


def _kind(code: str) -> TypeToChange:
    with current.library().db.read() as session:
        found = types_to_change(session, code)
    if not found:
        raise Refused.because(Reason.NOT_FOUND)
    return found[0]


def _preview(code: str, form: KitTypeForm) -> KitTypeChange:
    with current.library().db.read() as session:
        return preview_kit_type(session, code=code, plan=form.plan(), by=current.actor())


def _preview_page(change: KitTypeChange, heading: str, *, outdated: bool) -> ResponseReturnValue:
    page = render_template(
        "kit_types/preview.html",
        heading=heading,
        change=change,
        lines=[_line(line) for line in change.lines],
        problems=[current.sentence(Block(Reason.PREVIEW_OUTDATED))] if outdated else [],
        given=[(name, value) for name, value in request.form.items(multi=True) if name not in _APART],
    )
    return page, 409 if outdated else 200


def _line(line: Line) -> dict[str, str]:
    word = WHAT.get(line.field) or FIELDS[line.field]
    return {
        "what": f"{line.part}: {_(word)}" if line.part else _(word),
        "was": _shown(line.field, line.was),
        "becomes": _shown(line.field, line.becomes),
    }


def _shown(field: str, value: str) -> str:
    if field.endswith("_cents"):
        return current.reader().money(int(value or 0))
    yes_or_no: dict[str, Any] = {"True": _("yes"), "False": _("no"), "": _("no") if field == "cohort_only" else ""}
    return str(yes_or_no.get(value, value))


def _at_their_fields(refused: Refused) -> Refused:
    """The verb's fields as the form calls them."""
    names = {"whole_price_cents": "price"}
    return Refused(
        *(
            Block(block.reason, {**block.detail, "field": names.get(str(block.detail["field"]), block.detail["field"])})
            if "field" in block.detail
            else block
            for block in refused.blocks
        )
    )
