"""What a real mail server's answers mean: away, not now, not ever; one connection carries many messages."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from lending.mail.carriers import Away, NotEver, NotNow
from lending.mail.messages import Letterhead, email, message_id
from lending.mail.smtp import SmtpMailer
from tests.cast import NOW
from tests.mail.hanging import NOTHING, UNTIL_DATA, hanging_server
from tests.mail.peer import Peer, free_port, mail_server

LIBRARY = Letterhead("Biblioteca de Ñemby", "kits@library.example.org")


def letter(to: str = "ada@example.org", subject: str = "Your kit is due on Friday") -> EmailMessage:
    return email(
        public_id="bcdfghjkmnpqrstv",
        to=to,
        subject=subject,
        text="Bring it back.\nThank you, señora.",
        html="<p>Bring it back.</p>",
        language="es",
        sender=LIBRARY,
        at=NOW,
    )


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.fixture
def mailer(peer: Peer) -> Iterator[SmtpMailer]:
    with mail_server(peer) as url:
        mailer = SmtpMailer(url)
        yield mailer
        mailer.close()


def test_a_message_arrives_whole_in_both_forms(peer: Peer, mailer: SmtpMailer) -> None:
    mailer.send(letter())
    (taken,) = peer.taken
    assert (taken["To"], taken["Subject"]) == ("ada@example.org", "Your kit is due on Friday")
    assert str(taken["From"]) == "Biblioteca de Ñemby <kits@library.example.org>"
    assert taken["Message-ID"] == message_id("bcdfghjkmnpqrstv", LIBRARY)
    assert (taken["Auto-Submitted"], taken["Content-Language"]) == ("auto-generated", "es")
    plain, html = taken.get_body(("plain",)), taken.get_body(("html",))
    assert plain is not None
    assert plain.get_content().splitlines() == ["Bring it back.", "Thank you, señora."]
    assert html is not None
    assert html.get_content().strip() == "<p>Bring it back.</p>"


def test_a_subject_of_many_lines_cannot_add_a_header(peer: Peer, mailer: SmtpMailer) -> None:
    mailer.send(letter(subject="Due\r\nBcc: eve@example.org"))
    assert peer.taken[0]["Subject"] == "Due Bcc: eve@example.org"
    assert peer.taken[0]["Bcc"] is None


@pytest.mark.parametrize(
    ("reply", "raised", "problem"),
    [
        ("450 4.2.0 greylisted", NotNow, "smtp 450"),
        ("452 4.2.2 full", NotNow, "smtp 452"),
        ("554 5.7.1 no", NotEver, "smtp 554"),
        ("421 4.3.2 closing", Away, "smtp 421"),
    ],
)
def test_what_the_server_says_of_a_message(
    peer: Peer, mailer: SmtpMailer, reply: str, raised: type[Exception], problem: str
) -> None:
    peer.answer = lambda *_: reply
    with pytest.raises(raised) as said:
        mailer.send(letter())
    assert said.value.problem == problem  # type: ignore[attr-defined]  # each of them has one
    peer.answer = lambda *_: "250 taken"
    mailer.send(letter())
    assert len(peer.taken) == 1


@pytest.mark.parametrize(
    ("reply", "is_wrong"), [("550 5.1.1 unknown", True), ("550 5.7.1 policy", False), ("550 no code", False)]
)
def test_only_an_address_that_nobody_has_is_wrong(peer: Peer, mailer: SmtpMailer, reply: str, is_wrong: bool) -> None:
    peer.to_address = lambda _: reply
    with pytest.raises(NotEver) as said:
        mailer.send(letter())
    assert said.value.address_is_wrong is is_wrong


def test_a_greylisted_address_is_for_later(peer: Peer, mailer: SmtpMailer) -> None:
    peer.to_address = lambda _: "451 4.7.1 later"
    with pytest.raises(NotNow):
        mailer.send(letter())


def test_a_server_that_is_not_there_is_away() -> None:
    with pytest.raises(Away):
        SmtpMailer(f"smtp://127.0.0.1:{free_port()}").send(letter())


@pytest.mark.parametrize("answers", range(NOTHING, UNTIL_DATA + 1))
def test_a_server_that_says_nothing_any_more_is_away_after_a_while(answers: int) -> None:
    port = free_port()
    with hanging_server(answers, port) as server, pytest.raises(Away):
        SmtpMailer(f"smtp://127.0.0.1:{port}", timeout=0.2).send(letter())
    assert server.came == 1


def test_a_server_that_was_started_again_is_called_again(peer: Peer) -> None:
    port = free_port()
    with mail_server(peer, port) as url:
        mailer = SmtpMailer(url)
        mailer.send(letter())
    with mail_server(peer, port):
        with pytest.raises(Away):
            mailer.send(letter())
        mailer.send(letter())
    assert len(peer.taken) == 2
    mailer.close()


def test_a_password_is_never_sent_in_the_open(peer: Peer) -> None:
    with mail_server(peer) as url:
        mailer = SmtpMailer(url.replace("smtp://", "smtp://desk:secret@"))
        with pytest.raises(Away, match="SMTPNotSupportedError"):
            mailer.send(letter())


def test_an_address_that_the_server_cannot_write_stops_nobody_elses_mail(peer: Peer) -> None:
    with mail_server(peer, every_letter=False) as url:
        mailer = SmtpMailer(url)
        with pytest.raises(NotEver) as refused:
            mailer.send(letter("josé@example.org"))
        assert refused.value.address_is_wrong
        mailer.send(letter())
        mailer.close()
    assert [taken["To"] for taken in peer.taken] == ["ada@example.org"]


def test_a_server_that_writes_every_letter_gets_the_address_as_it_is(peer: Peer, mailer: SmtpMailer) -> None:
    mailer.send(letter("josé@example.org"))
    assert [taken["To"] for taken in peer.taken] == ["josé@example.org"]


def test_a_domain_in_other_letters_is_written_as_every_server_knows_it(peer: Peer, mailer: SmtpMailer) -> None:
    mailer.send(letter("ada@bücherei.example"))
    assert [taken["To"] for taken in peer.taken] == ["ada@xn--bcherei-n2a.example"]
