"""Kits that come in a box, and labels: many kits with the next free codes, and the sheets to print for them.

Source: SCREENS, "kits, labels"; RULES 1, "Labels must scan back".
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from sqlalchemy.orm import Session
from wtforms import BooleanField, DecimalField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from lending.circulation.codes import propose_kit_codes
from lending.circulation.new_kits import MOST, add_kits
from lending.domain.actors import Actor
from lending.domain.barcodes import Kind, library_code, read
from lending.domain.permissions import Act
from lending.errors import Refused
from lending.queries import branches as places
from lending.queries import kits as queries
from lending.queries.labels import KitLabel, kit_labels
from lending.web import current
from lending.web.access import allow
from lending.web.forms import KeyedForm, PageForm, fill, offer
from lending.web.posting import posted, status

bp = Blueprint("new_kits", __name__, url_prefix="/kits")

_NEEDED = lazy_gettext("Fill this in.")
FIRST_CODES = ("KIT-1001", "KIT-0001", "KIT-00001")
"""What a library without kits is proposed, where its settings take one of them."""

SHEETS = {
    "5160": lazy_gettext("Avery 5160: 30 labels on a page"),
    "5167": lazy_gettext("Avery 5167: 80 small labels on a page"),
    "single": lazy_gettext("A roll of labels, 2.25 by 1.25 inches"),
    "single-57x32": lazy_gettext("A roll of labels, 57 by 32 mm"),
}
"""The label stock, as people who buy it call it."""


class ManyKitsForm(KeyedForm):
    """Kits of one kind for one library."""

    kit_type = SelectField(lazy_gettext("Kind"), validators=[InputRequired(_NEEDED)])
    branch = SelectField(lazy_gettext("Library"), validators=[InputRequired(_NEEDED)])
    count = IntegerField(
        lazy_gettext("How many"),
        validators=[InputRequired(_NEEDED), NumberRange(1, MOST, message=lazy_gettext("From 1 to 200 at a time."))],
    )
    first = StringField(
        lazy_gettext("First code"),
        description=lazy_gettext("The others count up from it; a code that is taken is passed over."),
        validators=[InputRequired(_NEEDED), Length(max=32)],
    )
    place = StringField(lazy_gettext("Place on the shelf"), validators=[Optional(), Length(max=60)])


class LabelsForm(PageForm):
    """Which labels, and on what."""

    class Meta:
        csrf = False  # it only reads

    codes = TextAreaField(
        lazy_gettext("Codes of the kits"),
        description=lazy_gettext("One after another, with blanks or commas between them."),
        validators=[InputRequired(_NEEDED), Length(max=8000)],
        render_kw={"rows": 3},
    )
    sheet = SelectField(
        lazy_gettext("Labels in the printer"), choices=[SelectChoice(name, words) for name, words in SHEETS.items()]
    )
    start_at = IntegerField(
        lazy_gettext("Begin at label number"),
        default=1,
        description=lazy_gettext("Of a sheet that was begun: count from the top left, row by row."),
        validators=[Optional(), NumberRange(1, 80)],
    )
    right = DecimalField(
        lazy_gettext("Move to the right, in millimeters"),
        default=0,
        places=1,
        description=lazy_gettext("Less than nothing moves to the left. The test page shows how much is needed."),
        validators=[Optional(), NumberRange(-5, 5)],
    )
    down = DecimalField(
        lazy_gettext("Move down, in millimeters"), default=0, places=1, validators=[Optional(), NumberRange(-5, 5)]
    )
    qr = BooleanField(lazy_gettext("A QR code beside the bars, for telephones"), default=True)


@bp.route("/many", methods=["GET", "POST"])
@allow(Act.CHANGE_KIT)
def many() -> ResponseReturnValue:
    """Add many kits at once, then print their labels."""
    form, own = ManyKitsForm(), current.branch_ids()
    with current.library().db.read() as session:
        here = {place.code: place for place in places.branches(session, own)}
        offer(form.kit_type, [(kind.code, kind.name) for kind in places.kit_types(session)])
    offer(form.branch, [(code, place.name) for code, place in here.items()])
    if request.method == "GET":
        fill(form, {"first": next_code()})
    made: list[str] = []

    def do(session: Session, at: datetime, by: Actor) -> None:
        branch_id = here[form.branch.data].branch_id
        made[:] = unpack(session, form, branch_id, form.kit_type.data, at, by)

    if posted(form, do):
        flash(ngettext("%(num)s kit is added and free.", "%(num)s kits are added and free.", len(made)), "done")
        return redirect(url_for("new_kits.labels", codes=" ".join(made)), 303)
    page = render_template(
        "kits/edit.html", form=form, heading=_("Add many kits"), submit=_("Add"), back_url=url_for("kits.index")
    )
    return page, status(form)


def unpack(session: Session, form: Any, branch_id: int, kit_type: str, at: datetime, by: Actor) -> tuple[str, ...]:
    """Add the kits that a form with ``first`` and ``count`` describes, and give their codes."""
    return add_kits(
        session,
        first=read(form.first.data, current.spaces()),
        count=form.count.data,
        kit_type=kit_type,
        branch_id=branch_id,
        spaces=current.spaces(),
        place=form.place.data or None if "place" in form else None,
        at=at,
        by=by,
    )


def next_code() -> str:
    """The free code after that of the newest kit, or the first one of a library that has none yet."""
    spaces, settings = current.spaces(), current.library().settings
    with current.library().db.read() as session:
        newest = queries.newest_code(session, branch_ids=current.branch_ids())
        if newest is None:
            fitting = (code for code in FIRST_CODES if read(code, spaces).kind is Kind.KIT)
            newest = next(fitting, library_code(settings.item_prefix, settings.institution, 1))
        try:
            proposed = propose_kit_codes(session, read(newest, spaces))
        except Refused:
            return ""
    return proposed[0] if proposed else ""


@bp.get("/labels")
@allow(Act.CIRCULATE, Act.CHANGE_KIT)
def labels() -> ResponseReturnValue:
    """Which labels to print on what, with a page that tests the printer."""
    form = LabelsForm(meta={"csrf": False})
    fill_codes(form)
    return render_template("labels/print.html", form=form)


def fill_codes(form: LabelsForm) -> None:
    """Show the codes that the address names."""
    form.codes.data = "\n".join(_codes(request.args.get("codes", "")))


@bp.get("/labels.pdf")
@allow(Act.CIRCULATE, Act.CHANGE_KIT)
def sheet() -> ResponseReturnValue:
    """The labels, as a PDF to print at actual size."""
    from lending.labels import SHEETS as STOCK  # heavy, and few print labels
    from lending.labels import Label, LabelError, print_labels

    form = LabelsForm(request.args, meta={"csrf": False})
    if not form.validate():
        return render_template("labels/print.html", form=form), 422
    try:
        found = _found(_codes(form.codes.data))
        pdf = print_labels(
            [Label(kit.code, kit.kit_type, kit.branch, current.library().own_settings().name) for kit in found],
            STOCK[form.sheet.data],
            qr=bool(form.qr.data),
            start_at=min(form.start_at.data or 1, STOCK[form.sheet.data].per_page),
            offset_mm=_offset(form),
        )
    except Refused as refused:
        form.codes.errors = [current.sentence(block) for block in refused.blocks]
    except LabelError:
        form.sheet.errors = [_("A code is too wide for this label. Choose a larger one, or leave the QR code out.")]
    else:
        return _pdf(pdf)
    return render_template("labels/print.html", form=form), 422


@bp.get("/labels/test.pdf")
@allow(Act.CIRCULATE, Act.CHANGE_KIT)
def test_page() -> ResponseReturnValue:
    """A frame for each label, to be held against a sheet of them."""
    from lending.labels import SHEETS as STOCK
    from lending.labels import frame_page

    form = LabelsForm(request.args, meta={"csrf": False})
    del form.codes
    if not form.validate():
        return redirect(url_for("new_kits.labels"))
    words = _("Hold this page against a sheet of labels.")
    return _pdf(frame_page(STOCK[form.sheet.data], words=words, offset_mm=_offset(form)))


def _codes(text: str) -> list[str]:
    """The codes in a text, each once."""
    found = (read(code, current.spaces()).text for code in re.split(r"[\s,;]+", text) if code)
    return list(dict.fromkeys(found))[:MOST]


def _found(codes: list[str]) -> list[KitLabel]:
    with current.library().db.read() as session:
        return kit_labels(session, codes, current.branch_ids())


def _offset(form: LabelsForm) -> tuple[float, float]:
    return float(form.right.data or 0), float(form.down.data or 0)


def _pdf(content: bytes) -> Response:
    return Response(content, content_type="application/pdf")
