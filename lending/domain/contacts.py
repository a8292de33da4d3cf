"""How a patron is reached and where they live: e-mail addresses, telephone numbers and the key of a household.

Nothing here asks the network: an address is right when it could be one. Source: RULES 2, "household limit (... the
address with its unit ... no address matches nobody)"; RULES 8, masked contact details.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lending.domain.names import fold

MASK = "•••"


def email_address(text: str) -> str:
    """``text`` as an e-mail address, with its domain in lower case; ``ValueError`` when it cannot be one."""
    local, _, domain = text.strip().rpartition("@")
    if _PLAIN_LOCAL.fullmatch(local) and len(local) <= 64 and len(local) + len(domain) < 254:
        # The usual address: only its domain needs a judge, and an import has few domains and many addresses.
        return f"{local}@{_domain(domain)}"
    return _judged(text.strip())


_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*", re.ASCII)


@lru_cache(maxsize=1024)
def _domain(domain: str) -> str:
    return _judged(f"a@{domain}")[2:]


def _judged(text: str) -> str:
    from email_validator import EmailNotValidError, validate_email  # heavy, and needed by few acts

    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None


def phone_number(text: str, region: str = "US") -> str:
    """``text`` as a number in E.164 (``+12135550142``), read as one of ``region`` unless it names its country.

    ``ValueError`` when it has the wrong number of digits. Whether somebody has the number is not asked: new area codes
    are older than the lists of them.
    """
    if region == "US" and (usual := _US_NUMBER.fullmatch(text)):
        return "+1" + "".join(usual.groups())
    import phonenumbers  # heavy, and needed by few acts

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise ValueError(str(error)) from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError(f"{len(text)} characters are no telephone number of {region}")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


_US_NUMBER = re.compile(r"(?:\+?1[ .-]?)?\(?([2-9][0-9]{2})\)?[ .-]?([0-9]{3})[ .-]?([0-9]{4})", re.ASCII)
"""The forms in which nearly all numbers of a county come; ten digits are all that is asked of them."""


def phone_as_written(number: str) -> str:
    """``(213) 555-0142`` of ``+12135550142``, as the United States write theirs; anything else stays as it is."""
    usual = re.fullmatch(r"\+1([0-9]{3})([0-9]{3})([0-9]{4})", number, re.ASCII)
    return "({}) {}-{}".format(*usual.groups()) if usual else number


def address_key(
    street: str | None, unit: str | None = None, city: str | None = None, postal_code: str | None = None
) -> str | None:
    """The key that two patrons of one household share, however each wrote the address; ``None`` matches nobody.

    An address needs a street and a postal code or, without one, a city. The unit counts: two flats of one house are
    two households. Of a US postal code the first five digits count.
    """
    words = [_SHORT.get(word, word) for word in re.findall(r"#|\w+", fold(street or "").replace(".", ""))]
    within = _unit(unit or "")
    # People write the unit behind the street as often as into its own field.
    for position, word in enumerate(words[2:], start=2):
        if word in _UNIT_WORDS:
            within, words = within or _unit(" ".join(words[position:])), words[:position]
            break
    code = fold(postal_code or "").replace(" ", "")
    place = code[:5] if re.fullmatch(r"[0-9]{5,9}", code) else code or fold(city or "")
    if not words or not place:
        return None
    return "|".join((within, place, " ".join(words)))[:200]


def masked_email(email: str | None) -> str | None:
    """Enough of an address to recognise it by: its first letter and its domain."""
    if not email:
        return None
    name, _, domain = email.rpartition("@")
    return f"{name[:1]}{MASK}@{domain}"


def masked_phone(phone: str | None) -> str | None:
    """Enough of a number to recognise it by: its last two digits."""
    return f"{MASK}{phone[-2:]}" if phone else None


_UNIT_WORDS = frozenset(
    {"apt", "apartment", "unit", "suite", "ste", "room", "rm", "space", "spc", "trailer", "trlr", "lot", "no", "#"}
)
_SHORT = {
    "street": "st",
    "avenue": "ave",
    "av": "ave",
    "boulevard": "blvd",
    "road": "rd",
    "drive": "dr",
    "lane": "ln",
    "court": "ct",
    "place": "pl",
    "terrace": "ter",
    "circle": "cir",
    "highway": "hwy",
    "parkway": "pkwy",
    "square": "sq",
    "north": "n",
    "south": "s",
    "east": "e",
    "west": "w",
    "northeast": "ne",
    "northwest": "nw",
    "southeast": "se",
    "southwest": "sw",
}
"""The Postal Service's abbreviations of what addresses in the county are made of."""


def _unit(text: str) -> str:
    """``Apt. 4-B``, ``#4b`` and ``unit 4 B`` are the same door."""
    words = re.findall(r"\w+", fold(text).replace(".", ""))
    return "".join(word for word in words if word not in _UNIT_WORDS)
