"""Numbers in words, for whoever reads them: grouped digits, percents, hours, and the word for what is not known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from lending.domain.small_cells import Hidden
from lending.phrases import HIDDEN, Reader
from lending.reporting.report import Number, Unit


@dataclass(frozen=True, slots=True)
class Voice:
    """A reader, with the words for one and for many in their language."""

    reader: Reader
    ngettext: Callable[[str, str, int], str]

    def gettext(self, message: str) -> str:
        """``message`` in the reader's language."""
        return self.reader.gettext(message)

    def count(self, value: float) -> str:
        """``8,087``: whole numbers with their groups."""
        from babel.numbers import format_decimal  # heavy, and not every process writes numbers

        return str(format_decimal(round(value), locale=self.reader.here))

    def share(self, value: float) -> str:
        """``64%`` of 0.64; under ten percent with one place behind the point."""
        from babel.numbers import format_percent

        exactly = round(value, 3 if abs(value) < 0.0995 else 2)
        said = format_percent(exactly, locale=self.reader.here, decimal_quantization=False)
        return str(said).replace("-", "\u2212")

    def decimal(self, value: float) -> str:
        """``3.4``: one place behind the point, and none where it is nought."""
        from babel.numbers import format_decimal

        return str(format_decimal(round(value, 1), locale=self.reader.here))

    def hours(self, value: float) -> str:
        """``5 hours``, ``3 days``: a turnaround in the unit that a person would say; ``-5 hours`` if it shrank."""
        if value < 0:
            return f"-{self.hours(-value)}"
        if value >= 48:
            return self.days(value / 24)
        whole = max(1, round(value))
        return self.ngettext("%(num)s hour", "%(num)s hours", whole) % {"num": whole}

    def days(self, value: float) -> str:
        """``1 day``, ``12 days``, ``3.5 days``."""
        shown = self.decimal(value)
        return self.ngettext("%(num)s day", "%(num)s days", 1 if value == 1 else 2) % {"num": shown}

    def month(self, first: date) -> str:
        """``Nov 2026``, for the foot of a chart."""
        from babel.dates import format_skeleton

        return str(format_skeleton("yMMM", first, locale=self.reader.locale))

    def kept_back(self, hidden: Hidden) -> str:
        """Why no number is shown."""
        return self.gettext(HIDDEN[hidden])

    def number(self, number: Number) -> str:
        """The number as it is read."""
        if number.hidden is not None:
            return self.kept_back(number.hidden)
        if number.value is None:
            return self.gettext("not known")
        if number.unit is Unit.SHARE:
            return self.share(number.value)
        if number.unit is Unit.CHANGE:
            return ("+" if number.value > 0 else "") + self.share(number.value)
        if number.unit is Unit.HOURS:
            return self.hours(number.value)
        if number.unit is Unit.DAYS:
            return self.days(number.value)
        return self.decimal(number.value) if number.unit is Unit.AVERAGE else self.count(number.value)
