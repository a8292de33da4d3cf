"""What a charge is for, in the words of a statement: of staff, of the patron, and on paper."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _

from lending.models.charges import ChargeKind
from lending.phrases import N_

KINDS: Mapping[ChargeKind, str] = {
    ChargeKind.MISSING_PART: N_("missing part"),
    ChargeKind.DAMAGE: N_("damage"),
    ChargeKind.WHOLE_KIT: N_("lost kit"),
    ChargeKind.REACTIVATION: N_("line put back into service"),
}


def charged_for(kind: ChargeKind, part: str | None) -> str:
    """``missing part: Charger``; without a part what is charged for alone."""
    words = str(_(KINDS[kind]))
    return str(_("%(what)s: %(part)s", what=words, part=part)) if part else words
