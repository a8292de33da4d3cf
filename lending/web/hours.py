"""Weekly opening hours on pages: fields for the seven days, and the week in words as people read it.

Source: SCREENS, "Words"; RULES 3, "Weekly hours".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from lending.domain.calendars import DAY_NAMES, Hours, WeeklyHours
from lending.domain.hours_in_words import read_hours, read_week
from lending.web import current
from lending.web.forms import KeyedForm

ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "Pacific/Guam",
)
"""The zones of the United States, from east to west; a branch's own and the library's are offered besides."""

USUAL = WeeklyHours.parse(
    "mon 10:00-18:00; tue 10:00-20:00; wed 10:00-20:00; thu 10:00-20:00; fri 10:00-18:00; sat 10:00-17:00; sun closed"
)
"""What the form of a new branch begins with."""

_DAYS = (
    lazy_gettext("Monday"),
    lazy_gettext("Tuesday"),
    lazy_gettext("Wednesday"),
    lazy_gettext("Thursday"),
    lazy_gettext("Friday"),
    lazy_gettext("Saturday"),
    lazy_gettext("Sunday"),
)
_NEEDED = lazy_gettext("Fill this in.")


def _readable(form: Any, field: Any) -> None:
    try:
        read_hours(field.data or "")
    except ValueError:
        raise ValidationError(_("Write hours such as 10-6 or 10:00-13:00, 14:00-18:00, or “closed”.")) from None


def _week(form: Any, field: Any) -> None:
    try:
        read_week(field.data)
    except ValueError:
        raise ValidationError(_("Name all seven days, such as: Mon-Thu 10-8, Fri-Sat 10-5, Sun closed.")) from None


class HoursForm(KeyedForm):
    """A week's hours: a line in words, or else the field of each day."""

    week = StringField(
        lazy_gettext("Opening hours in one line"),
        description=lazy_gettext(
            "Such as: Mon-Thu 10-8, Fri-Sat 10-5, Sun closed. Leave it empty to use the seven days below."
        ),
        validators=[Optional(), Length(max=300), _week],
    )

    def day_fields(self) -> Iterator[Any]:
        """The fields of the seven days, Monday first."""
        return (self[name] for name in DAY_NAMES)

    def hours(self) -> str:
        """What the form says, as ``WeeklyHours.format`` writes it."""
        if self.week.data:
            return read_week(self.week.data).format()
        return WeeklyHours(tuple(read_hours(field.data or "") for field in self.day_fields())).format()

    def show_hours(self, week: WeeklyHours) -> None:
        """Fill in what holds."""
        for field, hours in zip(self.day_fields(), week.days, strict=True):
            field.data = ", ".join(map(str, hours)) or _("closed")


for _name, _label in zip(DAY_NAMES, _DAYS, strict=True):
    setattr(HoursForm, _name, StringField(_label, validators=[InputRequired(_NEEDED), Length(max=60), _readable]))


def zone_field() -> Any:
    """A field for a time zone; ``offer_zones`` says what may be chosen."""
    return SelectField(lazy_gettext("Time zone"), validators=[InputRequired(_NEEDED)])


def offer_zones(field: SelectField, *besides: str) -> None:
    """Offer the zones of the country, those given and the library's own."""
    names = dict.fromkeys((*ZONES, current.library().settings.zone, *besides))
    field.choices = [SelectChoice(name, name.replace("_", " ")) for name in names]


def week_in_words(week: WeeklyHours) -> list[str]:
    """``Mon - Thu: 10:00 AM - 8:00 PM``, one line for neighbouring days with the same hours."""
    lines: list[str] = []
    start = 0
    for day in range(1, len(DAY_NAMES) + 1):
        if day == len(DAY_NAMES) or week.days[day] != week.days[start]:
            lines.append(f"{_span(start, day - 1)}: {_hours(week.days[start])}")
            start = day
    return lines


def hours_in_words(text: str) -> str:
    """The week in ``text``, as ``WeeklyHours.format`` wrote it, in one line for people."""
    return "; ".join(week_in_words(WeeklyHours.parse(text)))


def _span(first: int, last: int) -> str:
    from babel.dates import get_day_names

    names = get_day_names("abbreviated", locale=current.locale())
    return f"{names[first]}" if first == last else f"{names[first]} \u2013 {names[last]}"


def _hours(hours: Hours) -> str:
    if not hours:
        return str(_("closed"))
    say = current.reader().time_of_day
    return ", ".join(f"{say(each.opens)} \u2013 {say(each.closes)}" for each in hours)
