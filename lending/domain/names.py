"""How people's names are shortened for the desk and folded for searching, in any script.

Names are kept as people write them; these are two views. A short name goes where others may read along: on the screen
at the desk and on the receipt. Source: RULES 2 and SCREENS, "KIT-1042 checked out to Ana M.".
"""

from __future__ import annotations

import re
import unicodedata
from itertools import dropwhile, takewhile

_LONGEST_WORD = 40
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})
"""Not surnames, though they come last."""

_JOINERS = "\u200c\u200d"
"""Persian and the scripts of India need them inside words; all other invisible marks only steer direction."""

_INSIDE = "'’‘ʼʻʹ`´′-‐‑…"
"""What stands between the letters of a name: apostrophes, hyphens, and the mark of one that is cut short."""


def short_name(full_name: str) -> str:
    """The first word and the initial of the last: ``Ana Morales`` is ``Ana M.``, in the order in which it is typed.

    One word, and so a name in a script that writes none apart, stays as it is. ``Morales, Ana`` is read as a list
    writes it. Nothing is capitalised: not every script knows capitals. An empty name is empty.
    """
    words = [word for word in _in_typed_order(_visible(full_name)).split() if _initial(word)]
    while len(words) > 1 and words[-1].casefold().strip(".,") in _SUFFIXES:
        words.pop()
    if not words:
        return ""
    first = words[0] if len(words[0]) <= _LONGEST_WORD else words[0][: _LONGEST_WORD - 1] + "…"
    return f"{first} {_initial(words[-1])}." if len(words) > 1 else first


def greeted_name(full_name: str) -> str:
    """What a message calls somebody: the first word of the short name as far as it is letters.

    Whoever has no card types a name and an address of their own choice. Nothing that a mail program makes a link or a
    number to call of is sent on in the library's name.
    """
    word = short_name(full_name).partition(" ")[0]
    letters = "".join(takewhile(_is_of_a_name, dropwhile(lambda character: not character.isalpha(), word)))
    return letters or "".join(filter(str.isalnum, word))


def _is_of_a_name(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM" or character in _JOINERS or character in _INSIDE


def fold(text: str) -> str:
    """The key by which ``text`` is searched: two texts that a person would call the same name have one key.

    Without case, accents, apostrophes and invisible marks; hyphens and runs of blanks are one blank. Vowel signs that
    are part of the letters, as in Hindi or Thai, stay. Folding a key again changes nothing.
    """
    key = _stripped(unicodedata.normalize("NFKD", text))
    # Folding case can bring accents out (İ) and ligatures apart (ﬆ), so both are done once more behind it.
    key = _stripped(unicodedata.normalize("NFKD", key.casefold())).translate(_WITHOUT_STROKE)
    return unicodedata.normalize("NFC", " ".join(key.split()))


_WITHOUT_STROKE = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
"""Letters that Unicode does not take apart but a keyboard without them replaces."""

_ACCENTS = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"  # of Latin, Greek, Cyrillic letters
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"  # Hebrew points
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0640]"  # Arabic points and stretching
)
_APOSTROPHES = re.compile("['’‘ʼʻʹ`´′]")
_HYPHENS = re.compile(r"[-‐‑‒–—―−]")


def _stripped(text: str) -> str:
    """``text`` without accents, apostrophes and what cannot be seen; hyphens and blanks of any kind as blanks."""
    text = _HYPHENS.sub(" ", _APOSTROPHES.sub("", _ACCENTS.sub("", text)))
    return "".join(
        " " if category in ("Cc", "Zs", "Zl", "Zp") else "" if category[0] == "C" else character
        for character, category in ((character, unicodedata.category(character)) for character in text)
    )


def _visible(text: str) -> str:
    """``text`` with controls as blanks and without marks that would turn the text around them."""
    return "".join(
        " " if category == "Cc" else "" if category[0] == "C" and character not in _JOINERS else character
        for character, category in ((character, unicodedata.category(character)) for character in text)
    )


def _in_typed_order(name: str) -> str:
    """``Morales, Ana`` as ``Ana Morales``; ``John Smith, Jr.`` stays."""
    last, comma, first = name.partition(",")
    if not comma or not first.strip(" ,") or first.strip(" .,").casefold() in _SUFFIXES:
        return name.replace(",", " ")
    return f"{first} {last}".replace(",", " ")


def _initial(word: str) -> str:
    """The first letter or digit of ``word`` with the marks that belong to it; empty when there is none."""
    for position, character in enumerate(word):
        if character.isalnum():
            marks = takewhile(lambda mark: unicodedata.category(mark)[0] == "M", word[position + 1 :])
            return character + "".join(marks)
    return ""
