"""The forms of the session pages: a plan, a change, a copy, a cancellation, and one workshop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask_babel import lazy_gettext
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from lending.models.cohorts import WorkshopMode
from lending.programs.pools import PoolPlan
from lending.programs.timetable import MOST_WORKSHOPS
from lending.queries.cohorts import StockShown
from lending.web.forms import DayField, KeyedForm

_NEEDED = lazy_gettext("Fill this in.")
MODES = {
    WorkshopMode.VIRTUAL: lazy_gettext("Online"),
    WorkshopMode.ONSITE: lazy_gettext("In person"),
    WorkshopMode.HYBRID: lazy_gettext("In person and online"),
}
_POOL = "pool_"


class SessionForm(KeyedForm):
    """What a session is: its days, its seats, and what people are told of it."""

    name = StringField(lazy_gettext("Name"), validators=[InputRequired(_NEEDED), Length(max=120)])
    starts_on = DayField(
        lazy_gettext("First day"),
        description=lazy_gettext("Another first day moves the whole session, workshops too."),
        validators=[InputRequired(_NEEDED)],
    )
    ends_on = DayField(lazy_gettext("Last day"), validators=[Optional()])
    return_by = DayField(
        lazy_gettext("Kits come back on"),
        description=lazy_gettext("Leave it empty for the usual day: the last one, or the day after the last workshop."),
        validators=[Optional()],
    )
    pickup_from = DayField(
        lazy_gettext("Kits are picked up from"),
        description=lazy_gettext("Leave it empty for a week before the first day."),
        validators=[Optional()],
    )
    capacity = IntegerField(lazy_gettext("Seats"), validators=[InputRequired(_NEEDED), NumberRange(1, 100_000)])
    languages = StringField(
        lazy_gettext("Languages"),
        description=lazy_gettext("Their codes, apart by commas: en, es."),
        validators=[Optional(), Length(max=60)],
    )
    partners = StringField(lazy_gettext("Partners"), validators=[Optional(), Length(max=240)])
    captains = StringField(
        lazy_gettext("Captains"),
        description=lazy_gettext("Former participants who coach."),
        validators=[Optional(), Length(max=240)],
    )
    materials = TextAreaField(lazy_gettext("Materials"), validators=[Optional(), Length(max=500)])
    first_day_mandatory = BooleanField(lazy_gettext("Who misses the first day without an excuse loses the seat"))

    def pool_fields(self) -> Iterator[Any]:
        """The numbers of kits, one for each library and kind."""
        return (field for field in self if field.short_name.startswith(_POOL))


class NewSessionForm(SessionForm):
    """A session that is planned: also its code, and its weekly workshops."""

    FIRST = ("program", "code")

    code = StringField(
        lazy_gettext("Code"),
        description=lazy_gettext("Capital letters, digits and hyphens, such as WR-8."),
        validators=[InputRequired(_NEEDED), Length(max=32)],
    )
    program = SelectField(lazy_gettext("Program"), validators=[InputRequired(_NEEDED)])
    first_on = DayField(
        lazy_gettext("First workshop"),
        description=lazy_gettext("One a week from this day. Leave it empty for none."),
        validators=[Optional()],
    )
    starts = TimeField(lazy_gettext("Workshops begin at"), validators=[Optional()])
    minutes = IntegerField(
        lazy_gettext("Minutes of a workshop"), default=90, validators=[Optional(), NumberRange(1, 1440)]
    )
    count = IntegerField(
        lazy_gettext("Number of workshops"), default=6, validators=[Optional(), NumberRange(1, MOST_WORKSHOPS)]
    )
    mode = SelectField(lazy_gettext("Held"), choices=[SelectChoice(mode.value, words) for mode, words in MODES.items()])


class CopyForm(KeyedForm):
    """The next run of a session."""

    code = StringField(lazy_gettext("Code"), validators=[InputRequired(_NEEDED), Length(max=32)])
    name = StringField(lazy_gettext("Name"), validators=[InputRequired(_NEEDED), Length(max=120)])
    starts_on = DayField(lazy_gettext("First day"), validators=[InputRequired(_NEEDED)])


class CancelForm(KeyedForm):
    """Why a session is cancelled, and where its people go on."""

    reason = StringField(lazy_gettext("Reason"), validators=[InputRequired(_NEEDED), Length(max=240)])
    carry_to = SelectField(lazy_gettext("People and queues go on to"), validators=[Optional()])


class WorkshopForm(KeyedForm):
    """One workshop."""

    title = StringField(lazy_gettext("Title"), validators=[InputRequired(_NEEDED), Length(max=160)])
    on = DayField(lazy_gettext("Day"), validators=[InputRequired(_NEEDED)])
    starts = TimeField(lazy_gettext("Begins at"), validators=[InputRequired(_NEEDED)])
    minutes = IntegerField(lazy_gettext("Minutes"), validators=[InputRequired(_NEEDED), NumberRange(1, 1440)])
    mode = SelectField(lazy_gettext("Held"), choices=[SelectChoice(mode.value, words) for mode, words in MODES.items()])
    branch = SelectField(lazy_gettext("Library"), validators=[Optional()])


class ClosureForm(KeyedForm):
    """The days on which a library is closed, or keeps other hours."""

    branch = SelectField(lazy_gettext("Library"), validators=[Optional()])
    starts_on = DayField(lazy_gettext("First day"), validators=[InputRequired(_NEEDED)])
    ends_on = DayField(lazy_gettext("Last day"), validators=[InputRequired(_NEEDED)])
    hours = StringField(
        lazy_gettext("Open meanwhile"),
        description=lazy_gettext("Such as 10:00-13:00. Leave it empty when it is closed."),
        validators=[Optional(), Length(max=60)],
    )
    reason = StringField(lazy_gettext("Reason"), validators=[InputRequired(_NEEDED), Length(max=120)])
    emergency = BooleanField(lazy_gettext("An emergency: nobody could know"))


def with_pools(kind: type[SessionForm], stocks: Sequence[StockShown]) -> type[SessionForm]:
    """The form with a number of kits for every library and kind that there are kits of."""
    fields = {
        f"{_POOL}{stock.branch_id}_{n}": IntegerField(
            f"{stock.branch_name}: {stock.kit_type_name}",
            description=lazy_gettext("of %(kits)s kits", kits=stock.kits),
            validators=[Optional(), NumberRange(0, 100_000)],
        )
        for n, stock in enumerate(stocks)
    }
    return type(kind.__name__, (kind,), fields)


def pools_given(form: SessionForm, stocks: Sequence[StockShown]) -> list[PoolPlan]:
    """The pools that a form names; a field left empty says nothing."""
    found = []
    for stock, field in zip(stocks, form.pool_fields(), strict=True):
        if field.data is not None:
            found.append(PoolPlan(stock.branch_id, stock.kit_type, field.data))
    return found
