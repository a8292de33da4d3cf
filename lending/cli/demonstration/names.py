"""Invented people for the demonstration: names of many origins and scripts, as a county's are.

Nobody is meant: names are put together from lists, in the order in which each origin writes them. Addresses are of
streets that every town has, mail goes to a reserved domain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

_FAMILY_FIRST = frozenset({"zh", "ko", "vi"})

ORIGINS: tuple[tuple[int, str, str, str], ...] = (
    (26, "es", "Marisol Ramón Xóchitl Esteban Lucía Álvaro Itzel Joaquín Paloma Nicolás Jimena Efraín Rocío Tomás",
     "Quiñones Villaseñor Ybarra Escamilla Peña Olmedo Zárate Barragán Montaño Cisneros Lozano Urrutia"),
    (22, "en", "Imani Terrence Keisha Malcolm Nia Darnell Hazel Wesley Opal Rufus Maeve Callum Tallulah Everett",
     "Ashford Bellweather Okonkwo-Reed Fairbanks Tolliver Whitlock Marchbanks Drummond Larkspur Penhallow"),
    (8, "vi", "Thảo Quân Bích Khoa Ngân Hiếu Duyên Lộc", "Nguyễn Trần Phạm Đặng Vũ Huỳnh"),
    (7, "zh", "思远 雨桐 嘉慧 俊杰 美玲 志强", "陈 林 黄 郑 吴 谢"),
    (7, "ko", "서연 지훈 하은 민준 유진 도윤", "김 박 최 정 윤 한"),
    (6, "hy", "Անահիտ Տիգրան Նարինե Հայկ Լիլիթ Արամ", "Պետրոսյան Գրիգորյան Սարգսյան Հակոբյան"),
    (5, "fil", "Maricel Jun-jun Ligaya Crisanto Amihan Dalisay", "Dimaculangan Magsaysay Panganiban Catacutan"),
    (4, "ar", "ليلى يوسف مريم طارق سلمى", "الحداد منصور الخطيب نصار"),
    (4, "fa", "نسرین کاوه پریسا بهروز", "رستگار فرهادی نیک‌پور"),
    (4, "ru", "Злата Мирон Агния Тихон", "Белозёров Снегирёв Ковалёв"),
    (3, "km", "សុភា ដារ៉ា ច័ន្ទ វិសាល", "ឈួន កែវ ម៉ៅ"),
    (2, "hi", "अनन्या विक्रम मीरा रोहन", "चौहान देशमुख अय्यर"),
    (2, "am", "ሰላም ዳዊት ሃና", "ተስፋዬ ገብረማርያም"),
)  # fmt: skip
"""How often an origin is met, its language, and its given and family names."""

_STREETS = (
    "Alder",
    "Birch",
    "Cedar",
    "Dogwood",
    "Fig",
    "Hazel",
    "Juniper",
    "Larch",
    "Maple",
    "Olive",
    "Poplar",
    "Rowan",
)
_KINDS = ("Street", "Avenue", "Place", "Lane")

_TOGETHER = 0.08
"""How many (0 to 1) live in the household of whoever had the card before theirs."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist, with what a library asks for. ``sequence`` is that of the card number."""

    sequence: int
    name: str
    language: str
    birth_date: date
    email: str | None
    phone: str
    street: str
    unit: str | None
    city: str
    postal_code: str
    expires_on: date

    def details(self) -> dict[str, object]:
        """The fields of a registration."""
        kept = ("name", "language", "birth_date", "email", "phone", "street", "unit", "city", "postal_code")
        return {name: getattr(self, name) for name in (*kept, "expires_on")}


def person(sequence: int, *, seed: int, today: date, city: str, expires_on: date | None = None) -> Person:
    """The person with a card of this sequence: the same for the same seed and day."""
    chance = Random(f"person {seed} {sequence}")  # noqa: S311 - nobody's secret, and the same every time
    weights = [weight for weight, *_ in ORIGINS]
    _, language, given, family = chance.choices(ORIGINS, weights)[0]
    first, last = chance.choice(given.split()), chance.choice(family.split())
    name = f"{last}{'' if language in ('zh', 'ko') else ' '}{first}" if language in _FAMILY_FIRST else f"{first} {last}"
    found = Person(
        sequence=sequence,
        name=name,
        language=language,
        birth_date=today - timedelta(days=chance.randint(19 * 366, 74 * 365)),
        email=f"reader{sequence}@example.org" if chance.random() < 0.85 else None,
        phone=f"+1213555{sequence % 10_000:04d}",
        street=f"{chance.randint(100, 9899)} {chance.choice(_STREETS)} {chance.choice(_KINDS)}",
        unit=f"Apt {chance.randint(1, 40)}" if chance.random() < 0.4 else None,
        city=city,
        postal_code=f"9{chance.randint(1, 7) * 100 + chance.randint(1, 89):04d}",
        expires_on=expires_on or today + timedelta(days=chance.randint(250, 1000)),
    )
    if chance.random() >= _TOGETHER:
        return found
    before = person(sequence - 1, seed=seed, today=today, city=city)
    return replace(found, street=before.street, unit=before.unit, postal_code=before.postal_code)
