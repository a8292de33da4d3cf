"""How the library shows itself: its name, logo, colours and contact line, on a page and as a style sheet.

A strict policy lets no page carry a style of its own, so the two colours travel as a small style sheet with an address
that changes with them. Source: issue "Patrons reserve online", Build 8.
"""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, lazy_gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from wtforms import BooleanField, ColorField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from lending import pictures
from lending.circulation.library_settings import change_logo, change_settings
from lending.domain import colours
from lending.domain import library_settings as names
from lending.domain.actors import Actor
from lending.domain.library_settings import LibrarySettings
from lending.domain.periods import FISCAL_YEAR_BEGINS
from lending.domain.permissions import Act, Role
from lending.web import answers, current
from lending.web.access import allow, public
from lending.web.forms import KeyedForm, TicksField, fill, offer
from lending.web.pictures import PictureField
from lending.web.posting import posted, status
from lending.web.staff import ROLES

bp = Blueprint("own_library", __name__)

_NEEDED = lazy_gettext("Fill this in.")


class LibraryForm(KeyedForm):
    """Who the library is to those who read its pages, mails and slips."""

    name = StringField(
        lazy_gettext("Name of the library"),
        validators=[InputRequired(_NEEDED), Length(max=80)],
    )
    contact = StringField(
        lazy_gettext("How people reach you"),
        description=lazy_gettext("One line below pages, mails and slips, such as a telephone number."),
        validators=[Optional(), Length(max=160)],
    )
    logo = PictureField(
        lazy_gettext("Logo"),
        description=lazy_gettext("A PNG, JPEG, WebP or GIF file. It is made small enough for the bar."),
        draw=pictures.logo,
    )
    no_logo = BooleanField(lazy_gettext("Show no logo"))
    main_colour = ColorField(
        lazy_gettext("Main color"),
        description=lazy_gettext("Of the bar, of buttons and of links. White text stands on it."),
        validators=[InputRequired(_NEEDED)],
    )
    accent_colour = ColorField(
        lazy_gettext("Accent"),
        description=lazy_gettext("Of small marks on the bar. Dark text stands on it."),
        validators=[InputRequired(_NEEDED)],
    )
    first_colours = BooleanField(lazy_gettext("Go back to the first colors"))
    second_factor_roles = TicksField(
        lazy_gettext("Who needs a second factor"),
        description=lazy_gettext("From their next sign-in on they set one up before anything else opens."),
    )
    fiscal_year_begins = SelectField(
        lazy_gettext("Fiscal year begins in"),
        description=lazy_gettext("Households of a year under way are counted anew from the day you change this."),
        default=str(FISCAL_YEAR_BEGINS),
    )


@bp.route("/administration/library", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def edit() -> ResponseReturnValue:
    """The library's name, logo, colours and contact line, who needs a second factor, and its fiscal year."""
    form, library = LibraryForm(), current.library()
    offer(form.second_factor_roles, [(role.value, _(name)) for role, name in ROLES.items()])
    from babel.dates import get_month_names  # read where it is used: no other page needs it

    months = get_month_names("wide", "stand-alone", get_locale())
    offer(form.fiscal_year_begins, [(str(month), months[month]) for month in range(1, 13)])
    if request.method == "GET":
        library.forget_own_settings()  # what another process changed a moment ago is not overwritten by this page
        fill(form, _shown(library.own_settings()))

    def do(session: Session, at: datetime, by: Actor) -> None:
        change_settings(session, given=_given(form), at=at, by=by)
        change_logo(session, drawn=form.logo.drawn, remove=form.no_logo.data, at=at, by=by)

    if posted(form, do):
        library.forget_own_settings()
        flash(_("Saved. Every page shows it within a few seconds."), "done")
        return redirect(url_for(".edit"), 303)
    own = library.own_settings()
    page = render_template("administration/library.html", form=form, own=own, figures=_figures(own))
    return page, status(form)


@bp.get("/library.css")
@public
def style() -> ResponseReturnValue:
    """The library's own colours, for every page. Kept by browsers as long as its address names these colours."""
    own = current.library().own_settings()
    answer = Response(_style_sheet(own), mimetype="text/css")
    answer.set_etag(own.version)
    if request.args.get("v") == own.version:
        answers.kept_for_good(answer)
    return answer.make_conditional(request)


def _shown(own: LibrarySettings) -> dict[str, object]:
    return {
        "name": own.name,
        "contact": own.contact,
        "main_colour": own.main_colour,
        "accent_colour": own.accent_colour,
        "second_factor_roles": [role.value for role in Role if role in own.second_factor_roles],
        "fiscal_year_begins": str(own.fiscal_year_begins),
    }


def _given(form: LibraryForm) -> dict[str, str | None]:
    first, begins = form.first_colours.data, form.fiscal_year_begins.data
    return {
        names.NAME: form.name.data,
        names.CONTACT: form.contact.data,
        names.MAIN: None if first or form.main_colour.data == colours.MAIN else form.main_colour.data,
        names.ACCENT: None if first or form.accent_colour.data == colours.ACCENT else form.accent_colour.data,
        names.SECOND_FACTOR: " ".join(form.second_factor_roles.data or ()),
        names.FISCAL_YEAR: None if begins == str(FISCAL_YEAR_BEGINS) else begins,
    }


def _figures(own: LibrarySettings) -> list[tuple[str, str]]:
    """What the contrast of the colours in use is, and the least that it may be."""
    drawn = colours.palette(own.main_colour, own.accent_colour)
    return [
        (
            label,
            _("%(figure)s (at least %(least)s)", figure=f"{colours.contrast(one, other):.1f}", least=f"{least:.1f}"),
        )
        for label, one, other, least in (
            (_("White on the bar"), colours.WHITE, drawn.deep, colours.TEXT),
            (_("White on buttons"), colours.WHITE, drawn.main, colours.TEXT),
            (_("Links on the page"), drawn.main, colours.PAPER, colours.TEXT),
            (_("Dark text on the accent"), colours.INK, drawn.accent, colours.TEXT),
            (_("The accent on the bar"), drawn.accent, drawn.deep, colours.MARK),
        )
    ]


def _style_sheet(own: LibrarySettings) -> str:
    drawn = colours.palette(own.main_colour, own.accent_colour)
    values = {
        "--teal": drawn.main,
        "--teal-deep": drawn.deep,
        "--teal-tint": drawn.tint,
        "--on-teal": drawn.on_deep,
        "--warm": drawn.accent,
        "--bs-link-color-rgb": ", ".join(map(str, colours.channels(drawn.main))),
        "--bs-link-hover-color-rgb": ", ".join(map(str, colours.channels(drawn.deep))),
    }
    return ":root {\n" + "".join(f"  {name}: {value};\n" for name, value in values.items()) + "}\n"
