"""The forms of staff accounts, and the fields that make and open one."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import BooleanField, EmailField, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import EqualTo, InputRequired, Length, Optional

from lending.passwords import LONGEST, SHORTEST
from lending.web.forms import KeyedForm, TicksField

_NEEDED = lazy_gettext("Fill this in.")
_NEW = {"autocomplete": "new-password"}


class AccountForm(KeyedForm):
    """Who an account is and what it may do, and where."""

    name = StringField(lazy_gettext("Name"), validators=[InputRequired(_NEEDED), Length(max=120)])
    email = EmailField(
        lazy_gettext("E-mail"),
        description=lazy_gettext("Administrators are told here when something goes wrong."),
        validators=[Optional(), Length(max=254)],
    )
    language = SelectField(lazy_gettext("Language"))
    role = RadioField(lazy_gettext("Role"), validators=[InputRequired(lazy_gettext("Choose a role."))])
    branches = TicksField(
        lazy_gettext("Libraries"),
        description=lazy_gettext(
            "Where this person may act. Without one they act nowhere; an administrator everywhere."
        ),
    )
    programs = TicksField(
        lazy_gettext("Programs"), description=lazy_gettext("What a program lead plans. Others need none.")
    )


class NewAccountForm(AccountForm):
    """An account that is added: also the name that signs in."""

    FIRST = ("username",)

    username = StringField(
        lazy_gettext("Sign-in name"),
        description=lazy_gettext("Small letters, digits, dots and hyphens. It stays as it is."),
        validators=[InputRequired(_NEEDED), Length(max=60)],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )


class PasswordForm(KeyedForm):
    """A new password, typed twice because nobody sees it."""

    password = PasswordField(
        lazy_gettext("New password"),
        description=lazy_gettext("At least %(shortest)s characters. A few words are easy to keep.", shortest=SHORTEST),
        validators=[InputRequired(_NEEDED), Length(max=LONGEST)],
        render_kw=_NEW,
    )
    again = PasswordField(
        lazy_gettext("The same once more"),
        validators=[
            InputRequired(_NEEDED),
            EqualTo("password", lazy_gettext("The two passwords are not the same. Type both once more.")),
        ],
        render_kw=_NEW,
    )


class OwnPasswordForm(PasswordForm):
    """One's own new password: also the present one."""

    FIRST = ("old",)

    old = PasswordField(
        lazy_gettext("Present password"),
        validators=[InputRequired(_NEEDED), Length(max=LONGEST)],
        render_kw={"autocomplete": "current-password"},
    )


class WeeklyMailForm(KeyedForm):
    """Whether one gets last week's figures by mail."""

    weekly_mail = BooleanField(lazy_gettext("Send me last week's figures on Monday mornings"))


class SubjectForm(KeyedForm):
    """Whom the sign-in service means."""

    subject = StringField(
        lazy_gettext("Subject"),
        description=lazy_gettext("What the sign-in service calls this person (sub). Leave it empty to link nobody."),
        validators=[Optional(), Length(max=255)],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )


class TokenForm(KeyedForm):
    """A token for a program that uses the API."""

    name = StringField(
        lazy_gettext("What it is for"),
        description=lazy_gettext(
            "Such as: catalog, statistics. A program with the token may do what this account may."
        ),
        validators=[InputRequired(_NEEDED), Length(max=60)],
    )
