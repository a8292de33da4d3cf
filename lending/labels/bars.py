"""A code as black and white modules: bars for desk scanners, a QR code for telephones.

Both hold the stored code and nothing else. Source: RULES 1; Codabar carries the start and stop letters A and B
that ``domain/barcodes`` takes off again, Code 39 goes without the check character that few scanners strip.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from io import BytesIO

from lending.domain.code_patterns import LONGEST
from lending.labels.sheets import LabelError, Symbology

QUIET_MODULES = 10
"""White on each side of the bars, in modules: what all three symbologies' standards ask for."""
QR_QUIET_MODULES = 4
"""White on each side of a QR code, in its modules (ISO/IEC 18004)."""

# No blanks: whoever reads a code at the desk strips them (domain/barcodes), so one with blanks would not come back.
_WRITABLE = {
    Symbology.CODE128: re.compile(r"[!-~]+"),
    Symbology.CODABAR: re.compile(r"[0-9$:/.+-]+"),
    Symbology.CODE39: re.compile(r"[0-9A-Z$/+%.-]+"),
}
_ADVICE = {
    Symbology.CODE128: "only unaccented letters, digits and signs without blanks are possible; give it such a code.",
    Symbology.CODABAR: "only digits and - $ : / . + are possible; choose Code 128.",
    Symbology.CODE39: "only digits, capital letters and - . $ / + % are possible; choose Code 128.",
}


def bars(code: str, symbology: Symbology) -> str:
    """``code`` as a row of modules, "1" black and "0" white, without quiet zones.

    Raises ``LabelError`` for an empty or overlong code and when the symbology has no sign for a character; nothing is
    changed to make it fit.
    """
    if not code:
        raise LabelError("A label needs a code; give the kit a barcode first.")
    if len(code) > LONGEST:
        raise LabelError(f"No label is wide enough for a code of {len(code)} characters; give the kit a shorter one.")
    if not _WRITABLE[symbology].fullmatch(code):
        raise LabelError(f"{code!a} cannot be printed as {symbology.full_name}: {_ADVICE[symbology]}")
    return _DRAW[symbology](code)


def _code128(code: str) -> str:
    """Code 128 in its shortest form: even runs of four or more digits in set C, everything else in set B.

    python-barcode puts the odd digit of ``KIT-00042`` behind the pairs, which costs one more sign, and then the
    label no longer fits an Avery 5167 beside its QR code. Its tables are used; ISO/IEC 15417 gives the order.
    """
    from barcode.charsets import code128

    signs: list[int] = []
    current = ""
    for pairs, single in re.findall(r"((?:\d\d){2,}(?!\d))|(.)", code):
        wanted = "C" if pairs else "B"
        if wanted != current:
            switches = getattr(code128, current) if current else code128.START_CODES
            signs.append(switches[f"TO_{wanted}" if current else wanted])
            current = wanted
        signs += [int(pair) for pair in re.findall("..", pairs)] if pairs else [code128.B[single]]
    check = (signs[0] + sum(place * sign for place, sign in enumerate(signs))) % 103
    return "".join([*(str(code128.CODES[sign]) for sign in (*signs, check)), code128.STOP, "11"])


def _codabar(code: str) -> str:
    from barcode.codabar import CODABAR

    # Wide bars of three modules, not two and a half: only whole modules stay whole dots.
    return str(CODABAR(f"A{code}B", narrow=1, wide=3).build()[0])


def _code39(code: str) -> str:
    from barcode.codex import Code39

    return str(Code39(code, add_checksum=False).build()[0])


_DRAW: Mapping[Symbology, Callable[[str], str]] = {
    Symbology.CODE128: _code128,
    Symbology.CODABAR: _codabar,
    Symbology.CODE39: _code39,
}


def qr_picture(code: str) -> tuple[int, bytes]:
    """``code`` as a QR code: modules on a side, and a PNG with one pixel a module, without quiet zone.

    Never a Micro QR, which few telephones read.
    """
    import segno

    symbol = segno.make_qr(code)
    picture = BytesIO()
    symbol.save(picture, kind="png", scale=1, border=0)
    return len(symbol.matrix), picture.getvalue()


def runs(row: str) -> list[tuple[int, int]]:
    """The black stretches of a row of modules as (start, length): one rectangle each."""
    return [(black.start(), len(black.group())) for black in re.finditer("1+", row)]
