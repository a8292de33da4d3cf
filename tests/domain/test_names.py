"""Claims about names: invented people of many origins and scripts."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.names import fold, greeted_name, short_name


@pytest.mark.parametrize(
    ("full_name", "short"),
    [
        ("Ana Morales", "Ana M."),
        ("  Ana \t María\u00a0 Morales  ", "Ana M."),
        ("Morales, Ana", "Ana M."),
        ("Morales Vega, Ana María", "Ana V."),
        ("Anne-Marie Dupont-Lefèvre", "Anne-Marie D."),
        ("Ludwig van der Meer", "Ludwig M."),
        ("María de la Cruz", "María C."),
        ("Siobhán O'Brien", "Siobhán O."),
        ("Seán ’t Hooft", "Seán H."),
        ("Malcolm Reed Jr.", "Malcolm R."),
        ("Malcolm Reed, Jr.", "Malcolm R."),
        ("Malcolm Reed III", "Malcolm R."),
        ("Ana M.", "Ana M."),
        ("ana morales", "ana m."),
        ("Sukarno", "Sukarno"),
        ("Sukarno -", "Sukarno"),
        ("Morales,", "Morales"),
        ("山田太郎", "山田太郎"),
        ("山田\u3000太郎", "山田 太."),
        ("김민준", "김민준"),
        ("Nguyễn Thị Hương", "Nguyễn H."),
        ("A\u0301ngel E\u0301vora", "A\u0301ngel E\u0301."),
        ("अमृता शर्मा", "अमृता श."),
        ("प्रिया मिश्रा", "प्रिया मि."),
        ("محمد العلي", "محمد ا."),
        ("\u202bمحمد العلي\u202c", "محمد ا."),
        ("מרים כהן", "מרים כ."),
        ("Ольга Петрова", "Ольга П."),
        ("გიორგი ბერიძე", "გიორგი ბ."),
        ("สมชาย ใจดี", "สมชาย ใ."),
        ("علی\u200cرضا رضایی", "علی\u200cرضا ر."),
        ("Ana\u202e Morales", "Ana M."),
        ("Ana\x00 Mor\x1bales", "Ana a."),
        ("", ""),
        (" \u200b ", ""),
        ("---", ""),
        ("x" * 500 + " Morales", "x" * 39 + "… M."),
    ],
)
def test_a_short_name_is_the_first_word_and_an_initial(full_name: str, short: str) -> None:
    assert short_name(full_name) == short


@given(st.text(max_size=120))
def test_a_short_name_is_short_visible_and_shows_no_surname(full_name: str) -> None:
    short = short_name(full_name)
    words = short.split()
    assert len(words) <= 2
    assert not {unicodedata.bidirectional(character) for character in short} & {"LRE", "RLE", "LRO", "RLO", "PDF"}
    assert "\x00" not in short
    if len(words) == 2:
        assert words[1].endswith(".")
        assert sum(character.isalnum() for character in words[1]) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana Morales", "  ANA   morales "),
        ("José Ibáñez", "jose ibanez"),
        ("Jose\u0301", "José"),
        ("Siobhán O’Brien", "siobhan obrien"),
        ("Anne-Marie", "anne marie"),
        ("Anne\u2011Marie", "Anne-Marie"),
        ("Weiß", "WEISS"),
        ("Łukasz Gołąb", "lukasz golab"),
        ("Bjørn Åse", "bjorn ase"),
        ("Æsa Þórr", "aesa thorr"),
        ("İpek Yıldız", "ipek yildiz"),
        ("ΣΩΚΡΆΤΗΣ", "σωκρατης"),
        ("Ёлкина", "елкина"),
        ("مُحَمَّد", "محمد"),
        ("מִרְיָם", "מרים"),
        ("山田\u3000太郎", "山田 太郎"),
        ("ﾔﾏﾀﾞ", "ヤマダ"),
        ("김민준", unicodedata.normalize("NFD", "김민준")),
        ("Ana\u200b\u202e Morales", "ana morales"),
        ("علی\u200cرضا", "علیرضا"),
    ],
)
def test_names_that_a_person_would_call_the_same_have_one_key(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("मीना", "मना"), ("สมชาย", "สมชย"), ("がく", "かく"), ("Ana", "Anna"), ("김민준", "김민주"), ("", "a")],
)
def test_names_whose_letters_differ_have_two_keys(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text(max_size=80))
def test_folding_a_key_again_changes_nothing(text: str) -> None:
    key = fold(text)
    assert fold(key) == key
    assert key == key.strip()
    assert "  " not in key


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40))
def test_a_name_is_found_however_its_letters_are_composed(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    ("full_name", "greeted"),
    [
        ("Ana Morales", "Ana"),
        ("Morales, Ana", "Ana"),
        ("José-Luis O'Neil", "José-Luis"),
        ("N’Golo Diallo", "N’Golo"),
        ("Ma. Cristina Reyes", "Ma"),
        ("王小明", "王小明"),
        ("मीना कौर", "मीना"),
        ("می\u200cنا احمدی", "می\u200cنا"),
        ("X" * 60 + " Li", "X" * 39 + "…"),
        ("https://example.org/prize Bob", "https"),
        ("www.example.org", "www"),
        ("example.org now", "example"),
        ("eve@example.org", "eve"),
        ("+1-900-555-0142 call", "19005550142"),
        ("", ""),
    ],
)
def test_a_message_greets_by_letters_and_never_with_a_link(full_name: str, greeted: str) -> None:
    assert greeted_name(full_name) == greeted
