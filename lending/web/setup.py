"""The first page of an empty library: its name and its administrator's account. Once somebody works here it is gone.

Source: SCREENS, "A first-run wizard to the first loan in ten minutes".
"""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, lazy_gettext
from flask_babel import gettext as _
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from lending.circulation.setting_up import begin_library
from lending.domain.actors import Actor, Door
from lending.domain.permissions import Act, Role
from lending.errors import Refused
from lending.models.base import new_public_id
from lending.passwords import SHORTEST, hash_password
from lending.phrases import N_
from lending.queries.staff import account
from lending.web import current, first_run, languages, opening
from lending.web.access import public
from lending.web.forms import KeyedForm
from lending.web.posting import status
from lending.wording import status_of

bp = Blueprint("setup", __name__, url_prefix="/setup")

_NEEDED = lazy_gettext("Fill this in.")
_TITLE = N_("Borrowing agreement")
_BODY = N_(
    "I borrow this kit from the library. I bring it back to the desk by its due date, with every part in it. "
    "I know that I pay for what is lost or broken."
)
_FIRST_PAGES = frozenset({"start.page", "account.sign_in", "signing_in.sign_in"})


class BeginForm(KeyedForm):
    """Who begins, and what the library is called."""

    code = HiddenField()
    library_name = StringField(
        lazy_gettext("Name of the library"),
        description=lazy_gettext("As patrons read it on pages, labels and messages."),
        validators=[InputRequired(_NEEDED), Length(max=80)],
    )
    name = StringField(lazy_gettext("Your name"), validators=[InputRequired(_NEEDED), Length(max=120)])
    username = StringField(
        lazy_gettext("Name to sign in with"),
        description=lazy_gettext("Small letters, digits, dots and hyphens, such as maria.lopez."),
        validators=[InputRequired(_NEEDED), Length(max=60)],
    )
    password = PasswordField(
        lazy_gettext("Password"),
        description=lazy_gettext("%(least)s characters or more. A few words are easy to keep.", least=SHORTEST),
        validators=[InputRequired(_NEEDED), Length(max=256)],
    )


@bp.before_app_request
def to_the_beginning() -> ResponseReturnValue | None:
    """In an empty library every first page leads to this one."""
    if request.method == "GET" and request.endpoint in _FIRST_PAGES and first_run.is_to_begin():
        return redirect(url_for("setup.page"))
    return None


@bp.route("", methods=["GET", "POST"])
@public
def page() -> ResponseReturnValue:
    """Begin the library, then go on as its administrator. Whoever is there already goes on where they left."""
    if not first_run.is_to_begin():
        if current.staff() is not None and current.may_anywhere(Act.ADMINISTER):
            return redirect(url_for("setup_steps.go_on"))
        abort(404)
    given = (request.form if request.method == "POST" else request.args).get("code", "")[:40]
    if not first_run.is_at_the_machine() and not first_run.is_code(given):
        return render_template("setup/code.html", refused=bool(given)), 403 if given else 200
    form = BeginForm()
    form.code.data = given
    if form.validate_on_submit():
        try:
            _begin(form)
        except Refused as refused:
            form.refuse(refused)
            form.refusal_status = status_of(refused.blocks)
        else:
            return redirect(url_for("setup_steps.go_on"), 303)
    return render_template("setup/begin.html", form=form), status(form)


def _begin(form: BeginForm) -> None:
    """Make the account and sign it in."""
    kept, at, library = hash_password(form.password.data), current.now(), current.library()
    by = Actor(role=Role.SYSTEM, door=Door.WEB, act=new_public_id())
    language = current.locale()
    made = library.db.act(
        lambda s: begin_library(
            s,
            library_name=form.library_name.data,
            username=form.username.data,
            name=form.name.data,
            password_hash=kept,
            language=language,
            agreements=_agreements(),
            at=at,
            by=by,
        )
    )
    with library.db.read() as s:
        found = account(s.connection(), made.staff)
    if found is None:
        raise RuntimeError("the account that was just made is not there")
    session["language"] = language
    opening.begin(found)


def _agreements() -> dict[str, tuple[str, str]]:
    """The agreement to begin with, in every language that pages are read in."""
    found = {}
    for code in languages.codes():
        with force_locale(code):
            found[code] = (str(_(_TITLE)), str(_(_BODY)))
    return found
