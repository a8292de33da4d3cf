"""What the library says when it says no: one row of sentences for each ``Reason``, for each of its doors.

Plain words without blame, and what to do next. Sentences are English sources with named places; a door hands in its
own ``gettext``. No web framework is known here. Source: RULES 2, SCREENS ("Rules for every desk screen"), ARCHITECTURE
("Errors").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lending.errors import Block, Reason
from lending.phrases import ELIGIBILITY, ELIGIBILITY_FOR_PATRONS, N_, Details, Gettext, Reader
from lending.wording.codes import CODES
from lending.wording.cohorts import COHORTS
from lending.wording.kits import KITS
from lending.wording.loans import LOANS
from lending.wording.months import MONTHS
from lending.wording.people import PEOPLE
from lending.wording.privacy import PRIVACY
from lending.wording.words import Audience, Tone, Words

__all__ = ["WORDS", "Audience", "Tone", "Words", "say", "say_all", "status_of", "tone_of"]

NOUNS = (PEOPLE, CODES, KITS, LOANS, COHORTS, MONTHS, PRIVACY)
"""The sentences, by what they are about."""

WORDS: Mapping[Reason, Words] = {reason: words for noun in NOUNS for reason, words in noun.items()}


def say(
    block: Block, gettext: Gettext, audience: Audience = Audience.DESK, *, locale: str = "en", zone: str = "UTC"
) -> str:
    """One block in one sentence or two, in the reader's language, with days local to ``zone``.

    A detail that the verb did not give is told in general words ("this kit"). ``free`` in the detail (codes of kits
    that may be lent instead) adds the way out at the desk.
    """
    words = WORDS[block.reason]
    source = {Audience.DESK: words.desk, Audience.PATRON: words.patron, Audience.SIP2: words.sip2}[audience]
    reader = Reader(gettext, locale, zone)
    rules = ELIGIBILITY_FOR_PATRONS if audience is Audience.PATRON else ELIGIBILITY
    sentence = gettext(source) % Details(block.detail, reader, rules)
    free = block.detail.get("free")
    if audience is Audience.DESK and isinstance(free, list | tuple) and free:
        sentence += " " + gettext(N_("Free here: %(kits)s.")) % {"kits": ", ".join(map(str, free))}
    return sentence[:1].upper() + sentence[1:]


def say_all(
    blocks: Iterable[Block],
    gettext: Gettext,
    audience: Audience = Audience.DESK,
    *,
    locale: str = "en",
    zone: str = "UTC",
) -> str:
    """Every block of a refusal in one breath."""
    return " ".join(say(block, gettext, audience, locale=locale, zone=zone) for block in blocks)


def status_of(blocks: Iterable[Block]) -> int:
    """The HTTP status of a refusal: the blocks' own where they agree; else what may not be tells first, then 409."""
    statuses = {WORDS[block.reason].status for block in blocks}
    if len(statuses) == 1:
        return statuses.pop()
    return 403 if 403 in statuses else 409


def tone_of(blocks: Iterable[Block]) -> Tone:
    """How a refusal sounds: a stop, unless every block is milder."""
    tones = {WORDS[block.reason].tone for block in blocks}
    return tones.pop() if len(tones) == 1 else Tone.STOP
