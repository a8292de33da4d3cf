"""Lending rules: what holds where, who changed it, and the form that changes it for the future.

Source: RULES, introduction, "(setting)"; 3, "Changing a rule never changes an existing loan's due date".
"""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lending.circulation.policies import DEFAULTS
from lending.circulation.policy_changes import restore_rules, set_rules, take_back_planned
from lending.domain.permissions import Act
from lending.domain.policies import differences
from lending.errors import Reason, Refused
from lending.models.base import new_public_id
from lending.queries import branches as places
from lending.queries import policies as queries
from lending.queries.policies import Place, RulesChanged, RulesShown
from lending.web import current
from lending.web.access import allow
from lending.web.policy_form import PolicyForm, label, shown
from lending.web.posting import NotDone, posted, pressed, status

bp = Blueprint("policies", __name__, url_prefix="/administration/rules")


@bp.get("")
@allow(Act.ADMINISTER)
def index() -> ResponseReturnValue:
    """The rules that hold everywhere, the exceptions, what is planned, and the history."""
    return _page()


@bp.route("/edit", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def edit() -> ResponseReturnValue:
    """Change the rules of a place: a kind of kit, a library, both; without either, everywhere."""
    kit_type, branch, found = _place()
    form = PolicyForm()
    form.explain(found)
    if request.method == "GET":
        form.show(found)
        form.from_on.data = _local(found.valid_from).date() if found.planned else None

    def do(session: Any, at: datetime, by: Any) -> None:
        begins = form.from_on.data and _begins(form.from_on.data, found)
        given: dict[str, Any] = {"kit_type": kit_type, "branch": branch, "seen": form.seen.data}
        set_rules(session, **given, rules=form.rules(), valid_from=begins, at=at, by=by)

    if posted(form, do):
        flash(_("Saved. Kits that are out stay due as they are."), "done")
        return redirect(url_for("policies.index"), 303)
    return _edit_page(form, found)


@bp.post("/as-elsewhere")
@allow(Act.ADMINISTER)
def restore() -> ResponseReturnValue:
    """End an exception."""
    kit_type, branch, found = _place()
    given: dict[str, Any] = {"kit_type": kit_type, "branch": branch, "seen": request.form.get("seen", "")[:64]}
    not_done = pressed(lambda session, at, by: restore_rules(session, **given, at=at, by=by))
    if not_done is not None:
        return _page(not_done)
    flash(_("%(place)s: as elsewhere from now on.", place=_named(found.place)), "done")
    return redirect(url_for("policies.index"), 303)


@bp.post("/planned/take-back")
@allow(Act.ADMINISTER)
def take_back() -> ResponseReturnValue:
    """Take back a change before it begins."""
    try:
        planned = datetime.fromisoformat(request.form.get("from", ""))
    except ValueError:
        raise Refused.because(Reason.NOT_FOUND) from None
    if planned.tzinfo is None:
        raise Refused.because(Reason.NOT_FOUND)
    not_done = pressed(lambda session, at, by: take_back_planned(session, valid_from=planned, at=at, by=by))
    if not_done is not None:
        return _page(not_done)
    flash(_("The planned change is taken back."), "done")
    return redirect(url_for("policies.index"), 303)


def _place() -> tuple[str | None, str | None, RulesShown]:
    """The place that the address names, and its rules as a change begins with them."""
    kit_type, branch = (request.args.get(name, "")[:64] or None for name in ("kit_type", "branch"))
    with current.library().db.read() as session:
        return kit_type, branch, queries.rules_to_change(session, kit_type, branch, at=current.now())


def _local(instant: datetime) -> datetime:
    return instant.astimezone(ZoneInfo(current.reader().zone))


def _begins(on: Any, found: RulesShown) -> datetime:
    """The beginning of a day; of today it is now, and of the day of a planned change that change's instant."""
    if found.planned and on == _local(found.valid_from).date():
        return found.valid_from
    begins = datetime.combine(on, time(), ZoneInfo(current.reader().zone))
    return current.now() if on == current.today() else begins


def _named(place: Place) -> str:
    """Where rules hold, in words."""
    if place.everywhere:
        return str(_("Everywhere"))
    return " · ".join(name for name in (place.kit_type_name, place.branch_name) if name is not None)


def _page(not_done: NotDone = NotDone()) -> ResponseReturnValue:
    at = current.now()
    with current.library().db.read() as session:
        found = queries.rules_in_force(session, at=at)
        planned = queries.rules_planned(session, at=at)
        changes = queries.history(session)
        kinds = [(kind.code, kind.name) for kind in places.kit_types(session)]
        branches = [(branch.code, branch.name) for branch in places.branches(session)]
    page = render_template(
        "policies/list.html",
        rules=[_line(one) for one in found],
        planned=current.reader().day_and_year(planned[-1].valid_from) if planned else None,
        planned_from=planned[-1].valid_from.isoformat() if planned else None,
        changes=[_change(one) for one in changes],
        kinds=kinds,
        branches=branches,
        problems=not_done.sentences,
        key=new_public_id(),
    )
    return page, not_done.status


def _line(found: RulesShown) -> dict[str, Any]:
    place = found.place
    own = tuple(differences(DEFAULTS, found.rules)) if place.everywhere else found.own
    return {
        "name": _named(place),
        "own": [f"{label(name)}: {shown(name, found.rules[name])}" for name in own] or [_("as the product comes")],
        "since": current.reader().day_and_year(found.valid_from),
        "url": url_for("policies.edit", kit_type=place.kit_type, branch=place.branch),
    }


def _change(one: RulesChanged) -> dict[str, Any]:
    reader = current.reader()
    words = {"follow_rules": _("follows"), "take_back_rules": _("taken back")}
    return {
        "name": _named(one.place),
        "who": one.who or _("the library"),
        "at": reader.moment(one.at) if one.at.year == current.today().year else reader.day_and_year(one.at),
        "from": reader.day_and_year(one.valid_from) if one.valid_from > one.at else None,
        "what": words.get(one.verb),
        "changes": [
            _("%(rule)s: %(was)s, now %(now)s", rule=label(name), was=shown(name, was), now=shown(name, to))
            for name, (was, to) in one.changes.items()
        ],
    }


def _edit_page(form: PolicyForm, found: RulesShown) -> ResponseReturnValue:
    place = found.place
    page = render_template(
        "policies/edit.html",
        form=form,
        name=_named(place),
        exception=bool(found.own),
        planned=current.reader().day_and_year(found.valid_from) if found.planned else None,
        restore_url=url_for("policies.restore", kit_type=place.kit_type, branch=place.branch),
        restore_key=new_public_id(),
        everywhere=place.everywhere,
        seen=found.seen,
    )
    return page, status(form)
