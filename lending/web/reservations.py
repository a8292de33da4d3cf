"""Reserving for somebody at the desk or on the telephone: one card, and what is said about their place in the queue.

Source: SCREENS, "Enrol or reserve for someone"; RULES 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from lending.circulation.reserving import Reserved, cancel, reserve
from lending.domain.permissions import Act
from lending.domain.states import ReservationState
from lending.models.base import new_public_id
from lending.phrases import isolated
from lending.queries import branches as places
from lending.queries import reservations as queries
from lending.queries.availability import availability
from lending.queries.branches import BranchShown
from lending.queries.codes import card_number
from lending.queries.patrons import PatronShown, ReservationShown, patron_shown
from lending.web import current
from lending.web.access import allow
from lending.web.forms import KeyedForm, fill, offer
from lending.web.posting import NotDone, posted, pressed, status
from lending.web.queues import reserved

bp = Blueprint("reservations", __name__, url_prefix="/reservations")


class ReserveForm(KeyedForm):
    """Whose card, which kind of kit, and where they pick it up."""

    card = StringField(
        lazy_gettext("Library card"),
        description=lazy_gettext("Scan the card."),
        validators=[InputRequired(lazy_gettext("Fill this in.")), Length(max=80)],
    )
    kit_type = SelectField(lazy_gettext("Kind"), validators=[InputRequired()])
    branch = SelectField(lazy_gettext("Pick up at"), validators=[InputRequired()])


@bp.route("/new", methods=["GET", "POST"])
@allow(Act.RESERVE)
def new() -> ResponseReturnValue:
    """Reserve a kit for somebody; their card is enough, for the rest is as it mostly is here."""
    form, here = ReserveForm(), _offered()
    _offer(form, here)
    patron, place = _patron(request.args.get("patron")), current.station()
    if request.method == "GET":
        # After one is reserved the box is empty for the next card; from a patron's page theirs stands in it.
        card = _card(patron) if patron is not None and "fill" in request.args else None
        fill(form, {"branch": place.branch_code if place else None, "card": card})
    made: list[Reserved] = []

    def do(session: Any, at: Any, by: Any) -> None:
        card = card_number(session, form.card.data, current.spaces())
        branch_id = here.branches[form.branch.data].branch_id
        kit_type = form.kit_type.data
        made[:] = [reserve(session, patron=card, kit_type=kit_type, pickup_branch_id=branch_id, at=at, by=by)]

    if not posted(form, do):
        return _page(form, here, patron), status(form)
    if not made:  # its key did it before
        return redirect(url_for("reservations.new"), 303)
    with current.library().db.read() as session:
        holder = queries.holder(session, made[0].reservation, by=current.actor())
    flash(_said(made[0], holder.short_name, here.branches[form.branch.data].name), "done")
    return redirect(url_for("reservations.new", patron=holder.patron), 303)


@bp.post("/<reservation>/cancellation")
@allow(Act.RESERVE)
def end(reservation: str) -> ResponseReturnValue:
    """Cancel a reservation; its promise goes to the next at once."""
    with current.library().db.read() as session:
        holder = queries.holder(session, reservation, by=current.actor())
    not_done = pressed(
        lambda session, at, by: cancel(session, reservation=reservation, reason="at the desk", at=at, by=by)
    )
    if not_done is None:
        flash(_("The reservation is canceled. Whoever waits longest moves up."), "done")
        return redirect(url_for("reservations.new", patron=holder.patron), 303)
    form, here = ReserveForm(formdata=None), _offered()
    _offer(form, here)
    return _page(form, here, _patron(holder.patron), not_done), not_done.status


@dataclass(frozen=True, slots=True)
class _Offered:
    """What may be reserved: the libraries of this person, and the kinds that need no session, by their codes."""

    branches: dict[str, BranchShown]
    kinds: dict[str, str]


def _offered() -> _Offered:
    with current.library().db.read() as session:
        return _Offered(
            {shown.code: shown for shown in places.branches(session, current.branch_ids())},
            {kind.code: kind.name for kind in places.kit_types(session) if not kind.cohort_only},
        )


def _offer(form: ReserveForm, here: _Offered) -> None:
    offer(form.branch, [(code, shown.name) for code, shown in here.branches.items()])
    offer(form.kit_type, here.kinds.items())


def _page(form: ReserveForm, here: _Offered, patron: PatronShown | None, not_done: NotDone = NotDone()) -> str:
    stand = {} if patron is None else reserved(patron)
    return render_template(
        "reservations/new.html",
        form=form,
        problems=not_done.sentences,
        key=new_public_id(),
        patron=None if patron is None else patron.short_name,
        reservations=() if patron is None else [_shown(one, stand[one.reservation]) for one in patron.reservations],
        stands=_stands(here),
    )


def _patron(public_id: str | None) -> PatronShown | None:
    """Whom the page is about; nobody where this person may not see them."""
    if not public_id:
        return None
    with current.library().db.read() as session:
        return patron_shown(session, public_id, branch_ids=current.branch_ids())


def _card(patron: PatronShown) -> str | None:
    return next((card.number for card in patron.cards if card.ended_at is None), None)


def _stands(here: _Offered) -> list[dict[str, Any]]:
    """How many of each kind are free at each library, and how many people wait for one."""
    with current.library().db.read() as session:
        stocks = availability(session, branch_ids=current.branch_ids(), at=current.now())
        waiting = queries.waiting_openly(session, branch_ids=current.branch_ids())
    return [
        {
            "branch": here.branches[stock.branch].name,
            "kit_type": here.kinds[stock.kit_type],
            "free": max(stock.free, 0),
            "waiting": waiting.get((stock.branch, stock.kit_type), 0),
        }
        for stock in stocks
        if stock.kit_type in here.kinds
    ]


def _shown(one: ReservationShown, stands: str) -> dict[str, Any]:
    return {
        "kit_type": one.kit_type,
        "branch": one.pickup_branch,
        "session": one.cohort or "",
        "stands": stands,
        "end_url": url_for("reservations.end", reservation=one.reservation),
    }


def _said(done: Reserved, name: str, branch: str) -> str:
    given = {"patron": isolated(name), "branch": branch, "position": done.position}
    if done.state is ReservationState.WAITING:
        return str(_("%(patron)s is number %(position)s in the queue at %(branch)s.", **given))
    return str(_("A kit at %(branch)s is kept for %(patron)s. They are told when it is on the hold shelf.", **given))
