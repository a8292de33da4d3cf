"""What the pages of one kit share: the kit and part an address names, a form that does one act, a button."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lending.domain.barcodes import read
from lending.errors import Reason, Refused
from lending.queries import kits as queries
from lending.queries.kits import KitShown, PartShown
from lending.web import current
from lending.web.forms import KeyedForm
from lending.web.kit_view import shown
from lending.web.posting import Doing, NotDone, posted, pressed, status


def kit_of(barcode: str) -> KitShown:
    """The kit with this code. Raises ``Refused``: ``KIT_UNKNOWN``, for one that another branch has to itself too."""
    code = read(barcode, current.spaces()).text
    with current.library().db.read() as session:
        found = queries.kit_shown(session, code, branch_ids=current.branch_ids())
    if found is None:
        raise Refused.because(Reason.KIT_UNKNOWN, kit=code)
    return found


def part_of(kit: KitShown, part_id: int) -> PartShown:
    """A part that is in the kit. Raises ``Refused``: ``NOT_FOUND``."""
    for part in kit.parts:
        if part.part_id == part_id:
            return part
    raise Refused.because(Reason.NOT_FOUND)


def form_page(
    kit: KitShown, form: KeyedForm, do: Doing, *, heading: str, submit: str, told: str
) -> ResponseReturnValue:
    """A page with one form that does one act to a kit, and back to the kit when it is done."""
    back_url = url_for("kits.show", barcode=kit.code)
    if posted(form, do):
        flash(told, "done")
        return redirect(back_url, 303)
    page = render_template("kits/edit.html", form=form, heading=heading, back_url=back_url, submit=submit)
    return page, status(form)


def button(kit: KitShown, do: Doing, told: str) -> ResponseReturnValue:
    """An act that needs one press: done and told on the kit's page, or told there why not."""
    not_done = pressed(do)
    if not_done is not None:
        return page_of(kit_of(kit.code), not_done)
    flash(told, "done")
    return redirect(url_for("kits.show", barcode=kit.code), 303)


def page_of(kit: KitShown, not_done: NotDone = NotDone()) -> ResponseReturnValue:
    """The page of a kit, with why a button on it was not done."""
    return render_template("kits/show.html", kit=shown(kit), problems=not_done.sentences), not_done.status
