"""The pages of staff accounts: who signs in, what they may do and where, their first password, and their tokens.

Source: the permission sheet, "staff; tokens"; issue "Patrons reserve online", Build 6.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lending.circulation import staff as verbs
from lending.circulation.second_factors import remove_second_factor
from lending.domain.actors import Actor
from lending.domain.permissions import Act, Role
from lending.errors import Refused
from lending.models.base import new_public_id
from lending.passwords import hash_password
from lending.phrases import N_
from lending.queries import branches as places
from lending.queries import cohorts
from lending.queries.accounts import AccountShown, account_shown, accounts, branch_ids, program_ids
from lending.web import current, languages, links
from lending.web.access import allow
from lending.web.forms import KeyedForm, fill, offer
from lending.web.posting import Doing, NotDone, posted, pressed, status
from lending.web.staff_forms import AccountForm, NewAccountForm, PasswordForm, SubjectForm, TokenForm

bp = Blueprint("staff", __name__, url_prefix="/administration/staff")

ROLES = {
    Role.DESK: N_("Desk"),
    Role.COUNSELLOR: N_("Counselor"),
    Role.PROGRAM: N_("Program lead"),
    Role.MANAGER: N_("Branch manager"),
    Role.ADMIN: N_("Administrator"),
}
"""The roles of staff, from the one that may least."""

MAY = {
    Role.DESK: N_("lends and takes back kits, and helps patrons"),
    Role.COUNSELLOR: N_("finds patrons and keeps tallies, and lends nothing"),
    Role.PROGRAM: N_("plans the sessions of their programs and keeps attendance"),
    Role.MANAGER: N_("does all of that at their libraries, waives charges and closes the library"),
    Role.ADMIN: N_("does everything at every library, and sets up the rest"),
}
"""What each role is for, in one line; the whole is in docs/permissions.md."""


@bp.get("")
@allow(Act.ADMINISTER)
def index() -> ResponseReturnValue:
    """Every account, those that are closed last."""
    with current.library().db.read() as session:
        found = accounts(session)
    return render_template(
        "staff/list.html",
        accounts=[line(one) for one in found],
        alone=sum(one.active for one in found) < 2,
        roles=[{"name": _(name), "may": _(MAY[role])} for role, name in ROLES.items()],
    )


@bp.route("/new", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def new() -> ResponseReturnValue:
    """Add an account; its page offers a link for its first password."""
    form, made = NewAccountForm(), list[str]()
    _offer(form)

    def do(session: Session, at: datetime, by: Actor) -> None:
        given = _given(session, form)
        made.append(verbs.add_staff(session, username=form.username.data, **given, at=at, by=by).staff)

    if posted(form, do):
        if not made:
            return redirect(url_for(".index"), 303)
        flash(_("The account is there. Now give its owner a way to sign in."), "done")
        return redirect(url_for(".show", public_id=made[-1]), 303)
    return _form(form, _("New account"), _("Add"), url_for(".index"))


@bp.route("/<public_id>/edit", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def edit(public_id: str) -> ResponseReturnValue:
    """Another name, role or place."""
    found, form = _open(public_id), AccountForm()
    _offer(form)
    if request.method == "GET":
        given = {"branches": list(found.branches), "programs": list(found.programs), "role": found.role.value}
        fill(form, {"name": found.name, "email": found.email, "language": found.language, **given})

    def do(session: Session, at: datetime, by: Actor) -> None:
        verbs.change_staff(session, staff=public_id, **_given(session, form), at=at, by=by)

    if posted(form, do):
        flash(_("Saved."), "done")
        return redirect(url_for(".show", public_id=public_id), 303)
    return _form(form, _("Change the account"), _("Save"), url_for(".show", public_id=public_id))


@bp.get("/<public_id>")
@allow(Act.ADMINISTER)
def show(public_id: str) -> ResponseReturnValue:
    """One account: what opens it, and its tokens."""
    return _page(_found(public_id))


@bp.route("/<public_id>/password", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def password(public_id: str) -> ResponseReturnValue:
    """Type a password for somebody else, who changes it; whoever is signed in with the account is signed out."""
    _open(public_id)
    form = PasswordForm()
    if not form.validate_on_submit():
        return _form(form, _("A password for this account"), _("Set"), url_for(".show", public_id=public_id))
    try:
        kept = hash_password(form.password.data)
    except Refused as refused:
        form.refuse(refused)
    else:
        if posted(form, lambda s, at, by: verbs.set_password(s, staff=public_id, password_hash=kept, at=at, by=by)):
            flash(_("The password is set. Ask them to change it when they sign in."), "done")
            return redirect(url_for(".show", public_id=public_id), 303)
    return _form(form, _("A password for this account"), _("Set"), url_for(".show", public_id=public_id))


@bp.post("/<public_id>/link")
@allow(Act.ADMINISTER)
def link(public_id: str) -> ResponseReturnValue:
    """A link with which its owner chooses a password, shown this once."""
    found = _open(public_id)
    not_done = pressed(lambda s, at, by: verbs.invite(s, staff=public_id, at=at, by=by))
    if not_done is not None:
        return _page(found, not_done)
    found = _open(public_id)
    url = url_for("welcome.page", link=links.link_for(found), _external=True)
    until = current.reader().moment(current.now() + links.GOOD_FOR)
    return render_template("staff/link.html", account=line(found), url=url, until=until)


@bp.route("/<public_id>/subject", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def subject(public_id: str) -> ResponseReturnValue:
    """Link an account to somebody whom the library's own sign-in service knows, or to nobody."""
    found, form = _open(public_id), SubjectForm()
    if current.library().settings.oidc_issuer is None:
        abort(404)
    if request.method == "GET":
        fill(form, {"subject": found.oidc_subject})

    def do(session: Session, at: datetime, by: Actor) -> None:
        verbs.link_subject(session, staff=public_id, subject=form.subject.data or None, at=at, by=by)

    if posted(form, do):
        flash(_("Saved."), "done")
        return redirect(url_for(".show", public_id=public_id), 303)
    return _form(form, _("Link to the sign-in service"), _("Save"), url_for(".show", public_id=public_id))


@bp.post("/<public_id>/<any(close,reopen,factor):how>")
@allow(Act.ADMINISTER)
def press(public_id: str, how: str) -> ResponseReturnValue:
    """Close an account, open it again, or take away a second factor that its owner lost."""
    found = _found(public_id)
    if how == "factor" and found.staff_id == current.person().staff_id:
        abort(404)  # one's own is turned off with a code of its own
    doing: dict[str, tuple[Doing, str]] = {
        "close": (
            lambda session, at, by: verbs.deactivate(session, staff=public_id, at=at, by=by),
            _("The account is closed. Its sessions and tokens ended."),
        ),
        "reopen": (
            lambda session, at, by: verbs.reopen(session, staff=public_id, at=at, by=by),
            _("The account is open again. It needs a new password."),
        ),
        "factor": (
            lambda session, at, by: remove_second_factor(session, staff=public_id, at=at, by=by),
            _("The second factor is taken away. Make sure that it was its owner who asked."),
        ),
    }
    do, told = doing[how]
    not_done = pressed(do)
    if not_done is not None:
        return _page(found, not_done)
    flash(told, "done")
    return redirect(url_for(".show", public_id=public_id), 303)


@bp.route("/<public_id>/tokens/new", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def token(public_id: str) -> ResponseReturnValue:
    """Make a token for a program; the page behind this one alone shows it."""
    found, form, made = _open(public_id), TokenForm(), list[str]()

    def do(session: Session, at: datetime, by: Actor) -> None:
        made.append(verbs.make_token(session, staff=public_id, name=form.name.data, at=at, by=by))

    if posted(form, do):
        if made:
            return render_template("staff/token.html", account=line(found), name=form.name.data, token=made[-1])
        return redirect(url_for(".show", public_id=public_id), 303)
    return _form(form, _("New API token"), _("Make the token"), url_for(".show", public_id=public_id))


@bp.post("/<public_id>/tokens/revoke")
@allow(Act.ADMINISTER)
def revoke(public_id: str) -> ResponseReturnValue:
    """End the tokens of one name, at once."""
    found, name = _found(public_id), request.form.get("name", "")
    not_done = pressed(lambda s, at, by: verbs.revoke_token(s, staff=public_id, name=name, at=at, by=by))
    if not_done is not None:
        return _page(found, not_done)
    flash(_("The token opens nothing any more."), "done")
    return redirect(url_for(".show", public_id=public_id), 303)


def _found(public_id: str) -> AccountShown:
    with current.library().db.read() as session:
        found = account_shown(session, public_id)
    if found is None:
        abort(404)
    return found


def _open(public_id: str) -> AccountShown:
    """An account that is not closed."""
    found = _found(public_id)
    if not found.active:
        abort(404)
    return found


def _offer(form: AccountForm) -> None:
    with current.library().db.read() as session:
        libraries = [(place.code, place.name) for place in places.branches(session)]
        programs = [(one.code, one.name) for one in cohorts.programs(session, by=current.actor())]
    offer(form.branches, libraries)
    offer(form.programs, programs)
    offer(form.role, [(role.value, f"{_(name)}: {_(MAY[role])}") for role, name in ROLES.items()])
    offer(form.language, languages.named())


def _given(session: Session, form: AccountForm) -> dict[str, Any]:
    """What a form says of an account, as the verbs take it."""
    return {
        "name": form.name.data,
        "role": Role(form.role.data),
        "email": form.email.data or None,
        "language": form.language.data,
        "branch_ids": branch_ids(session, form.branches.data or ()),
        "program_ids": program_ids(session, form.programs.data or ()),
    }


def _form(form: KeyedForm, heading: str, submit: str, back_url: str) -> ResponseReturnValue:
    page = render_template("staff/edit.html", form=form, heading=heading, submit=submit, back_url=back_url)
    return page, status(form)


def _page(one: AccountShown, not_done: NotDone = NotDone()) -> ResponseReturnValue:
    key, url = new_public_id(), url_for(".revoke", public_id=one.public_id)
    page = render_template(
        "staff/show.html",
        account=line(one),
        problems=not_done.sentences,
        actions=_actions(one),
        tokens=[{"name": each.name, "count": each.count, "made": _day(each.made_at)} for each in one.tokens],
        revoke_url=url,
        key=key,
    )
    return page, not_done.status


def _actions(one: AccountShown) -> list[dict[str, Any]]:
    def address(view: str, how: str | None = None) -> str:
        return url_for(view, public_id=one.public_id, how=how)

    if not one.active:
        return [{"post": True, "label": _("Open it again"), "url": address(".press", how="reopen")}]
    factor = {"post": True, "label": _("Take the second factor away"), "url": address(".press", how="factor")}
    service = {"label": _("Link to the sign-in service"), "url": address(".subject")}
    may_take_it = one.second_factor_since is not None and one.staff_id != current.person().staff_id
    return [
        {"label": _("Change"), "url": address(".edit")},
        {"post": True, "label": _("Link for a password"), "url": address(".link")},
        {"label": _("Type a password"), "url": address(".password")},
        {"label": _("New API token"), "url": address(".token")},
        *([factor] if may_take_it else []),
        *([service] if current.library().settings.oidc_issuer else []),
        {"post": True, "label": _("Close the account"), "tone": "stop", "url": address(".press", how="close")},
    ]


def line(one: AccountShown) -> dict[str, Any]:
    """An account in words, for the pages that show it."""
    everywhere = one.role is Role.ADMIN
    if not one.active:
        tone, state = "rest", _("closed")
    elif not one.has_password and one.oidc_subject is None:
        tone, state = "look", _("cannot sign in yet")
    else:
        tone, state = "done", _("open")
    return {
        "url": url_for("staff.show", public_id=one.public_id),
        "name": one.name,
        "username": one.username,
        "role": _(ROLES[one.role]),
        "may": _(MAY[one.role]),
        "email": one.email,
        "language": current.reader().language(one.language),
        "branches": _("every library") if everywhere else ", ".join(one.branches.values()),
        "programs": _("every program") if everywhere else ", ".join(one.programs.values()),
        "tone": tone,
        "state": state,
        "second_factor": None if one.second_factor_since is None else _day(one.second_factor_since),
        "recovery_codes": one.recovery_codes,
        "added": _day(one.created_at),
    }


def _day(at: datetime) -> str:
    return current.reader().day_and_year(at)
