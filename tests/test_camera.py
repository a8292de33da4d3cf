"""What counts of a photo: one label of this library, read alike twice. Nothing else ever does."""

from __future__ import annotations

import pytest
from PIL import Image

from lending import camera
from lending.domain.barcodes import CodeSpaces, library_code
from lending.errors import Reason, Refused
from lending.labels import Symbology
from tests.cast import ADA, KIT, OTHER_KIT
from tests.labels.photos import label, photo, qr_code

OURS = CodeSpaces()
NUMBER = library_code("3", "9999", 16)
WRONG = NUMBER[:-1] + str((int(NUMBER[-1]) + 1) % 10)
TELEPHONE = "3105550142"


def reason(*photos: bytes) -> tuple[Reason, object]:
    with pytest.raises(Refused) as refused:
        camera.read_label(photos, OURS)
    (block,) = refused.value.blocks
    return block.reason, block.detail.get("codes")


@pytest.mark.parametrize(
    ("code", "symbology"),
    [(KIT, Symbology.CODE128), (KIT, Symbology.CODE39), (NUMBER, Symbology.CODABAR), (ADA, Symbology.CODE128)],
)
@pytest.mark.parametrize("angle", [0, 25, 123])
def test_a_label_is_read_however_it_is_held(code: str, symbology: Symbology, angle: int) -> None:
    assert camera.read_label([photo(label(code, symbology), angle=angle)], OURS).text == code


@pytest.mark.parametrize(("blur", "grain"), [(1, 0), (1, 20), (1, 40)])
def test_a_label_is_read_blurred_and_in_bad_light(blur: float, grain: float) -> None:
    assert camera.read_label([photo(label(KIT), angle=5, blur=blur, grain=grain)], OURS).text == KIT


@pytest.mark.parametrize("angle", [0, 33])
def test_a_qr_code_is_read_and_beside_its_bars_it_is_the_same_label(angle: int) -> None:
    assert camera.read_label([photo(qr_code(KIT), angle=angle)], OURS).text == KIT
    assert camera.read_label([photo(label(KIT, qr=True), angle=angle)], OURS).text == KIT


def test_two_frames_that_agree_count() -> None:
    frames = [photo(label(KIT), angle=4), photo(label(KIT), angle=9, blur=1)]
    assert camera.read_label(frames, OURS).text == KIT


def test_a_label_in_one_of_two_frames_does_not_count() -> None:
    assert reason(photo(label(KIT)), photo()) == (Reason.PHOTO_NOT_READ, None)


def test_two_frames_of_two_labels_do_not_count() -> None:
    assert reason(photo(label(KIT)), photo(label(OTHER_KIT))) == (Reason.PHOTO_SEVERAL, [KIT, OTHER_KIT])


def test_what_a_single_way_of_looking_reads_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "ANGLES", (0,))
    assert reason(photo(label(KIT))) == (Reason.PHOTO_NOT_READ, None)


@pytest.mark.parametrize("angle", [0, 30])
def test_several_labels_are_named_and_none_counts(angle: int) -> None:
    picture = photo(label(KIT), label(OTHER_KIT), angle=angle, size=(1600, 1000))
    assert reason(picture) == (Reason.PHOTO_SEVERAL, [KIT, OTHER_KIT])


@pytest.mark.parametrize(
    "text", [TELEPHONE, f"tel:+1{TELEPHONE}", "https://example.org/KIT-1042", "KIT-1042\nKIT-1043"]
)
def test_what_is_no_code_of_the_library_never_counts(text: str) -> None:
    assert reason(photo(qr_code(text))) == (Reason.PHOTO_NOT_OURS, None)


@pytest.mark.parametrize("symbology", [Symbology.CODE128, Symbology.CODABAR])
def test_a_telephone_number_in_bars_never_counts(symbology: Symbology) -> None:
    assert reason(photo(label(TELEPHONE, symbology))) == (Reason.PHOTO_NOT_OURS, None)


@pytest.mark.parametrize("symbology", Symbology)
def test_a_wrong_check_digit_never_counts(symbology: Symbology) -> None:
    assert reason(photo(label(WRONG, symbology))) == (Reason.CODE_MISREAD, None)


def test_a_label_counts_beside_a_makers_own_code() -> None:
    assert camera.read_label([photo(label(KIT), label("5CG1234XYZ"))], OURS).text == KIT


def test_a_photo_without_a_label_says_so() -> None:
    assert reason(photo()) == (Reason.PHOTO_NOT_READ, None)


def test_a_photo_of_grain_alone_says_so() -> None:
    assert reason(photo(Image.effect_noise((900, 600), 120)))[0] is Reason.PHOTO_NOT_READ


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "TIFF"])
def test_what_no_camera_makes_is_not_opened(kind: str) -> None:
    assert reason(photo(label(KIT), kind=kind)) == (Reason.PICTURE_UNREADABLE, None)


def test_a_bomb_of_white_points_is_refused() -> None:
    assert reason(photo(size=(5001, 5000), kind="PNG")) == (Reason.PICTURE_TOO_BIG, None)


def test_a_jpeg_of_a_thousand_passes_is_refused() -> None:
    content = photo(label(KIT))
    assert reason(content + b"\xff\xda\x00\x02" * 1000) == (Reason.PICTURE_UNREADABLE, None)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    assert reason(content) == (Reason.PICTURE_UNREADABLE, None)
