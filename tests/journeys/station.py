"""A desk as a person with a scanner uses it: a window of the browser, the gun, and what the page says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from playwright.sync_api import CDPSession, Page, expect

from lending.clock import SystemClock

SECONDS_A_KEY = 0.002
PATIENCE_MS = 15_000
"""How long a page may take on a busy machine before a test gives up; no figure is measured with it."""
POLL_MS = 20
ISOLATES = re.compile("[\u2066-\u2069]")
"""They hold a name's own direction, and are no part of the sentence that a person reads."""

ENDS: dict[str, dict[str, Any]] = {
    "Enter": {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
    "Tab": {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9},
}

SAID = """() => ["#banner p", "#announcer"].map((name) => document.querySelector(name)?.textContent.trim() ?? "")"""

LISTEN = """() => {
    window.announced = [];
    const regions = document.querySelectorAll("[role=status], [role=alert], [role=log], [aria-live]");
    const heard = (changes) => {
        const said = changes.flatMap((change) => [...change.addedNodes].map((node) => node.textContent))
        if (said.join("").trim()) window.announced.push(said.join(" "));
    };
    const all = {childList: true, characterData: true, subtree: true};
    for (const region of regions) new MutationObserver(heard).observe(region, all);
}"""


@dataclass
class Station:
    """One window. ``troubles`` is what must never happen on the desk path: a dialog, an error, a 5xx."""

    page: Page
    troubles: list[str] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    followed: bool = False
    """Whether a link was followed since this was last set to false: a new page, and no act."""
    _gun: CDPSession | None = None

    def __post_init__(self) -> None:
        def dialog(found: Any) -> None:
            self.troubles.append(f"dialog: {found.message}")
            found.dismiss()

        def console(found: Any) -> None:
            # A refusal is an answer with its own status; the browser notes those and lost connections by itself.
            if found.type == "error" and not found.text.startswith("Failed to load resource"):
                self.troubles.append(f"console: {found.text}")

        def response(found: Any) -> None:
            if found.status >= 500:
                self.troubles.append(f"{found.status}: {found.url}")

        def request(found: Any) -> None:
            if found.is_navigation_request():
                self.followed = found.method == "GET" and found.redirected_from is None
            if found.url.endswith("/desk/scans"):
                self.sent.append(found.post_data_json)

        self.page.on("dialog", dialog)
        self.page.on("console", console)
        self.page.on("pageerror", lambda found: self.troubles.append(f"error: {found}"))
        self.page.on("response", response)
        self.page.on("request", request)

    # --- What a person does --------------------------------------------------------------------------------------

    def open(self, path: str) -> Station:
        """Go to a page of the library."""
        self.page.goto(path)
        return self

    def scan(self, code: str, end: str = "Enter") -> Station:
        """Scan ``code``: 2 ms a key by the events' own time, however slow this machine is, and the end key."""
        if self._gun is None:
            self._gun = self.page.context.new_cdp_session(self.page)
        at = SystemClock().now().timestamp()
        for stroke in [*({"key": character, "text": character} for character in code), ENDS[end]]:
            at += SECONDS_A_KEY
            self._gun.send("Input.dispatchKeyEvent", {"type": "keyDown", "timestamp": at, **stroke})
            self._gun.send("Input.dispatchKeyEvent", {"type": "keyUp", "timestamp": at, "key": stroke["key"]})
        return self

    def scan_all(self, codes: Sequence[str], *, seed: int) -> Station:
        """Scan one code after the other, 0-200 ms apart, without looking at the page."""
        pause = Random(seed)
        for code in codes:
            self.scan(code)
            self.page.wait_for_timeout(pause.uniform(0, 200))
        return self

    def press(self, keys: str) -> Station:
        """Press keys by hand, such as ``Alt+Z``."""
        self.page.keyboard.press(keys)
        return self

    # --- What the page says --------------------------------------------------------------------------------------

    def says(self, sentence: str) -> Station:
        """Wait until the banner says ``sentence``; the live region then says the same."""
        for _ in range(PATIENCE_MS // POLL_MS):
            said = {ISOLATES.sub("", text) for text in self.page.evaluate(SAID)}
            if said == {sentence}:
                return self
            self.page.wait_for_timeout(POLL_MS)
        raise AssertionError(f"The page says {said}, not {sentence!r}.")

    def counts(self, **numbers: int) -> Station:
        """Wait until the station's numbers are these: ``out``, ``in_``, ``not_done``, ``waiting``."""
        for name, number in numbers.items():
            expect(self.page.locator(f'#counters [data-f="{name}"]')).to_have_text(str(number))
        return self

    def quiet(self) -> Station:
        """Wait until no scan waits."""
        return self.counts(waiting=0)

    def log(self) -> list[str]:
        """What happened, newest first, as its rows say."""
        return [ISOLATES.sub("", text) for text in self.page.locator("#log tr .what").all_text_contents()]

    def tones(self) -> list[str]:
        """The tone of each row, newest first."""
        found: list[str] = self.page.locator("#log tr").evaluate_all("rows => rows.map((row) => row.dataset.tone)")
        return found

    def listen(self) -> Station:
        """From now on note every announcement that a screen reader would make."""
        self.page.evaluate(LISTEN)
        return self

    def announced(self) -> list[str]:
        """What was announced since ``listen``."""
        return [ISOLATES.sub("", text) for text in self.page.evaluate("window.announced")]

    def focus(self) -> str:
        """The id of the element that has the focus, or its tag; a page that was just opened may need a moment."""
        found = "BODY"
        for _ in range(PATIENCE_MS // POLL_MS):
            found = self.page.evaluate("document.activeElement.id || document.activeElement.tagName")
            if found != "BODY":
                break
            self.page.wait_for_timeout(POLL_MS)
        return found
