"""How carrying a message out of the house may fail. ``problem`` is a word for the log, never an address."""

from __future__ import annotations


class Away(Exception):
    """The other side cannot be reached or hung up: nothing can be sent to it now."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class NotNow(Exception):
    """The other side takes this message later, as a server does that greylists."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class NotEver(Exception):
    """The other side will not take this message. ``address_is_wrong``: because nobody has that address or number."""

    def __init__(self, problem: str, *, address_is_wrong: bool) -> None:
        super().__init__(problem)
        self.problem = problem
        self.address_is_wrong = address_is_wrong
