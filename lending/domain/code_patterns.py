"""What the codes of one space look like: a small part of regular expressions that can be proved disjoint.

A pattern is a row of characters (``A-Z``, ``0-9``, ``-``, ``/``), ``\\d`` and classes such as ``[A-Z0-9-]``, each
with an optional ``?``, ``+``, ``{3}`` or ``{3,6}``. Alternatives and groups are left out on purpose: without them a
pattern matches in a time that a hostile code cannot stretch, and whether two patterns share a code has an exact answer.
Source: RULES 1, "the code spaces must be disjoint".
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from string import ascii_uppercase, digits

LONGEST = 64
"""The longest code there is, in characters. What is longer was not printed by a library."""

_CHARACTERS = ascii_uppercase + digits + "-/"
_PIECE = re.compile(
    r"(?P<characters>\\d|\[[A-Z0-9/-]+\]|[A-Z0-9/-])(?P<times>\{\d{1,2}(?:,\d{1,2})?\}|\?|\+)?", re.ASCII
)


@dataclass(frozen=True)
class CodePattern:
    """One pattern for whole codes, upper case. Raises ``ValueError`` that names the pattern and what is wrong."""

    source: str

    def __post_init__(self) -> None:
        # Read now, so that a wrong setting is refused when it is made and not at the first scan.
        if not any(not optional for _, optional in self._places):
            raise ValueError(f"the code pattern {self.source!r} also matches nothing at all")

    def matches(self, text: str) -> bool:
        """Whether the whole of ``text`` is a code of this pattern."""
        return len(text) <= LONGEST and self._compiled.fullmatch(text) is not None

    @property
    def only_digits(self) -> bool:
        """Whether every code of this pattern consists of digits, as a Codabar label needs."""
        return all(characters <= frozenset(digits) for characters, _ in self._places)

    def shared_with(self, other: CodePattern) -> str | None:
        """The shortest code that both patterns match, or ``None`` when they can never meet."""
        ours, theirs = self._places, other._places
        seen: set[tuple[int, int]] = set()
        waiting = deque([(0, 0, "")])
        while waiting:
            here, there, code = waiting.popleft()
            if (here, there) in seen:
                continue
            seen.add((here, there))
            if here == len(ours) and there == len(theirs):
                return code
            # What adds nothing to the code is tried first, so that the first code found is the shortest.
            if here < len(ours) and ours[here][1]:
                waiting.appendleft((here + 1, there, code))
            if there < len(theirs) and theirs[there][1]:
                waiting.appendleft((here, there + 1, code))
            if here < len(ours) and there < len(theirs) and (common := ours[here][0] & theirs[there][0]):
                waiting.append((here + 1, there + 1, code + min(common)))
        return None

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.source, re.ASCII)

    @cached_property
    def _places(self) -> tuple[tuple[frozenset[str], bool], ...]:
        """The pattern laid out one character a place: what may stand there, and whether it may be left out."""
        return tuple(place for piece in self._pieces() for place in piece)

    def _pieces(self) -> Iterator[list[tuple[frozenset[str], bool]]]:
        position = 0
        while position < len(self.source):
            piece = _PIECE.match(self.source, position)
            if piece is None:
                raise ValueError(f"the code pattern {self.source!r} has {self.source[position:]!r}, which is not known")
            least, most = _times(piece["times"])
            if not 0 <= least <= most <= LONGEST or most == 0:
                raise ValueError(
                    f"the code pattern {self.source!r} has {piece[0]!r}, which is out of order or too long"
                )
            characters = _characters(piece["characters"])
            if not characters:
                raise ValueError(f"the code pattern {self.source!r} has {piece[0]!r}, which matches nothing")
            yield [(characters, False)] * least + [(characters, True)] * (most - least)
            position = piece.end()


def _characters(piece: str) -> frozenset[str]:
    """The characters of ``\\d``, of a class or of one literal; empty for a class that Python's engine refuses."""
    try:
        one = re.compile(piece, re.ASCII)
    except re.error:
        return frozenset()
    return frozenset(character for character in _CHARACTERS if one.fullmatch(character))


def _times(times: str | None) -> tuple[int, int]:
    if times is None:
        return 1, 1
    if times == "?":
        return 0, 1
    if times == "+":
        return 1, LONGEST
    least, _, most = times.strip("{}").partition(",")
    return int(least), int(most or least)
