"""The forms of a workshop's page: what was counted, when the recording was posted, views, a list of participants."""

from __future__ import annotations

from flask_babel import lazy_gettext
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, IntegerField
from wtforms.validators import InputRequired, NumberRange, Optional

from lending.programs.workshops import MOST
from lending.web.forms import KeyedForm

_NEEDED = lazy_gettext("Fill this in.")
_A_NUMBER = NumberRange(0, MOST, lazy_gettext("A whole number, 0 or more."))


class CountForm(KeyedForm):
    """How many were counted without names; empty is not known."""

    onsite = IntegerField(lazy_gettext("People in the room"), validators=[Optional(), _A_NUMBER])
    devices = IntegerField(lazy_gettext("Devices in the meeting"), validators=[Optional(), _A_NUMBER])
    peak_viewers = IntegerField(lazy_gettext("Most viewers of a stream at once"), validators=[Optional(), _A_NUMBER])
    registered = IntegerField(
        lazy_gettext("Registered elsewhere"),
        description=lazy_gettext("In a calendar or a meeting tool, besides those registered here."),
        validators=[Optional(), _A_NUMBER],
    )


class RecordingForm(KeyedForm):
    """The day from which on the recording can be viewed."""

    posted_on = DateField(lazy_gettext("Recording posted on"), validators=[InputRequired(_NEEDED)])


class ViewsForm(KeyedForm):
    """How often the recording was viewed on one day."""

    day = DateField(lazy_gettext("Day"), validators=[InputRequired(_NEEDED)])
    count = IntegerField(lazy_gettext("Views on that day"), validators=[InputRequired(_NEEDED), _A_NUMBER])


class ParticipantsForm(KeyedForm):
    """The list that a meeting tool wrote."""

    file = FileField(
        lazy_gettext("List of participants"),
        description=lazy_gettext("CSV or XLSX, with a column 'name' and, if there is one, 'email'."),
        validators=[FileRequired(lazy_gettext("Choose a file."))],
    )
