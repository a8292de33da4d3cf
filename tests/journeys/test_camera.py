"""A desk without a scanner, in a real browser: one tap, and what the camera sees is scanned like any other code."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserType, expect

from lending.domain.states import LoanState
from tests.cast import ADA, KIT, OTHER_KIT
from tests.journeys.conftest import WINDOW, Enter, sign_in
from tests.journeys.serving import Served
from tests.journeys.station import PATIENCE_MS, Station
from tests.labels.photos import label, photo

BUTTON = "#camera summary"
NO_FILM = "Object.defineProperty(navigator, 'mediaDevices', {value: undefined})"


def frame(*labels: Image.Image) -> bytes:
    """One frame of a film, in colours as a camera's are."""
    file = io.BytesIO()
    Image.open(io.BytesIO(photo(*labels, angle=5, size=(1280, 720)))).convert("RGB").save(file, "JPEG")
    return file.getvalue()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the camera sees."""
    file = tmp_path_factory.mktemp("film") / "camera.mjpeg"
    file.write_bytes(frame(label(KIT)))
    return file


@pytest.fixture(scope="module")
def with_a_camera(browser_type: BrowserType, browser_type_launch_args: dict[str, Any], film: Path) -> Iterator[Browser]:
    """A browser of a machine that has a camera; its person lets the page use it."""
    more = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    more.append(f"--use-file-for-fake-video-capture={film}")
    opened = browser_type.launch(**browser_type_launch_args | {"args": [*browser_type_launch_args["args"], *more]})
    yield opened
    opened.close()


@pytest.fixture
def desk(with_a_camera: Browser, library: Served) -> Iterator[Station]:
    """Ben at a desk with a camera."""
    context = with_a_camera.new_context(base_url=library.url, locale="en-US", viewport=WINDOW, permissions=["camera"])
    context.set_default_timeout(PATIENCE_MS)
    sign_in(context.request, "ben")
    station = Station(context.new_page()).open("/desk")
    yield station
    context.close()
    assert not station.troubles


def take(station: Station, content: bytes) -> None:
    """Tap the button, and take this photo."""
    with station.page.expect_file_chooser() as chooser:
        station.page.locator(BUTTON).click()
    chooser.value.set_files({"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": content})


def test_one_tap_scans_what_the_camera_sees(library: Served, desk: Station, film: Path) -> None:
    desk.scan(ADA).quiet().listen()
    film.write_bytes(frame(label(KIT)))
    desk.page.locator(BUTTON).click()
    desk.counts(out=1, waiting=0)
    assert [loan.state for loan in library.loans()] == [LoanState.OUT]
    assert desk.focus() == "code"
    expect(desk.page.locator("#camera video")).to_be_hidden()
    assert desk.page.evaluate("document.querySelector('#camera video').srcObject") is None, "the camera is off"
    assert len(desk.announced()) == 1
    assert desk.sent[-1]["key"]


def test_several_labels_are_told_once_and_the_camera_looks_on_until_it_is_put_away(
    library: Served, desk: Station, film: Path
) -> None:
    film.write_bytes(frame(label(KIT), label(OTHER_KIT)))
    desk.listen().page.locator(BUTTON).click()
    desk.says(f"There are several labels: {KIT} and {OTHER_KIT}. Nothing changed. Show one of them alone.")
    with desk.page.expect_response("**/desk/photos"):
        pass
    desk.press("Escape")
    expect(desk.page.locator("#camera video")).to_be_hidden()
    assert desk.focus() == "code"
    assert len(desk.announced()) == 1
    assert (library.loans(), desk.log()) == ([], [])


def test_a_telephone_without_film_takes_a_photo_with_one_tap(library: Served, enter: Enter) -> None:
    desk = enter("ben", "/help")
    desk.page.add_init_script(NO_FILM)
    desk.page.set_viewport_size({"width": 390, "height": 844})
    desk.open("/desk")
    take(desk, photo(label(ADA), size=(2400, 1800)))
    expect(desk.page.locator("#patron-name bdi")).to_have_text("Ada M.")
    take(desk, photo(label(KIT), angle=30))
    desk.counts(out=1, waiting=0)
    assert [loan.patron_id for loan in library.loans()] == [library.cast.ada_id]
    take(desk, photo())
    desk.says("No label could be read for sure. Hold one label close, flat and in good light.")


def test_without_scripts_a_photo_is_sent_by_hand(library: Served, enter: Enter) -> None:
    page = enter("ben", "/returns", java_script_enabled=False).page
    page.locator(BUTTON).click()
    page.locator("#photo").set_input_files({"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": photo(label(KIT))})
    page.get_by_role("button", name="Read the photo").click()
    expect(page.locator("#banner p")).to_contain_text(f"{KIT} was not out: it is free.")
