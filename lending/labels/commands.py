"""The pages of command codes that lie on a desk: staff end, undo or print without touching a key.

Source: SCREENS, desk rule 9. The codes begin with CMD-, a code space of their own that no kit or card may use.
"""

from __future__ import annotations

from collections.abc import Mapping

from lending.labels.printing import print_labels
from lending.labels.sheets import INCH, LETTER_MM, Label, Sheet

_ROWS, _ROWS_MM = 4, 62.0
_PAGE = Sheet(
    name="commands",
    page_mm=LETTER_MM,
    # Wide apart, so that a scanner held over one command never sees its neighbour.
    label_mm=(6 * INCH, 45.0),
    columns=1,
    rows=_ROWS,
    first_mm=(1.25 * INCH, (LETTER_MM[1] - _ROWS * _ROWS_MM) / 2 + 6.5),
    pitch_mm=(6 * INCH, _ROWS_MM),
    bar_dots=(12,),
    text_pt=20,
    text_lines=1,
    padding_mm=2.0,
)


def command_sheet(words: Mapping[str, str], *, library: str = "") -> bytes:
    """US Letter pages of command codes as a PDF. ``words`` gives each code its name, in the staff's language."""
    return print_labels([Label(code, title=title, library=library) for code, title in words.items()], _PAGE)
