"""Refusals about the months whose figures are reported."""

from __future__ import annotations

from collections.abc import Mapping

from lending.errors import Reason
from lending.phrases import N_
from lending.wording.words import Tone, Words

MONTHS: Mapping[Reason, Words] = {
    Reason.MONTH_NOT_OVER: Words(
        409, Tone.LOOK, N_("This month is not over yet. You can close it after %(on)s, its last day.")
    ),
    Reason.MONTH_CLOSED: Words(
        409, Tone.LOOK, N_("This month was closed on %(on)s. What changed since then is shown beside it.")
    ),
}
