"""Signing in by the library's own sign-in service: OpenID Connect, the code flow with PKCE, state and nonce.

The service says who somebody is by a subject; whether that is anybody here is not its matter. Its word counts when it
is signed with a key that it publishes, is meant for this program, answers this very question and is fresh. Needs the
extra ``openid``. Source: OpenID Connect Core 1.0, 3.1 (code flow) and 3.1.3.7 (what to verify); RFC 7636 (PKCE).
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import parse_qs, urlsplit

from lending import logs
from lending.errors import Reason, Refused

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session


TIMEOUT: Final = 10
"""Seconds that each answer of the service may take."""

AT_ONCE: Final = 3
"""Sign-ins for which one process waits for the service at the same time: fewer than it has threads, so that a service
that hangs, or somebody who asks for it again and again, never keeps the desks waiting.
"""

PATIENCE: Final = 0.5
"""Seconds that another one waits for its turn."""

LEEWAY: Final = 60
"""Seconds by which its clock may differ from this machine's."""

_SIGNED_WITH: Final = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
"""Signatures with a key that only the service has. Never ``none``, and none with a secret that others know too."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A sign-in service: its issuer's address, and what this program is called there."""

    issuer: str
    client_id: str
    client_secret: str


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked for one sign-in, kept by the browser's signed session until the answer comes."""

    url: str
    state: str
    nonce: str
    verifier: str


_TURNS = threading.BoundedSemaphore(AT_ONCE)


def ask(provider: Provider, *, back: str) -> Question:
    """Where to send a browser so that the service asks who it is; ``back`` is where it sends the browser then.

    Raises ``Refused`` (``SIGN_IN_SERVICE_FAILED``).
    """
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    with _told(), _session(provider, back) as session:
        url, _ = session.create_authorization_url(
            _described(provider, session)["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier
        )
    return Question(str(url), state, nonce, verifier)


def subject_of(provider: Provider, question: Question, *, answer: str, back: str, at: datetime) -> str:
    """Who the service says that this is: the subject. ``answer`` is the address to which the browser was sent back.

    ``at`` is the machine's instant. Raises ``Refused`` (``SIGN_IN_SERVICE_FAILED``) when anything is not as it should.
    """
    given = {name: values[0] for name, values in parse_qs(urlsplit(answer).query).items()}
    if not hmac.compare_digest(given.get("state", "").encode(), question.state.encode()) or "code" not in given:
        raise Refused.because(Reason.SIGN_IN_SERVICE_FAILED)
    if given.get("iss", provider.issuer) != provider.issuer:
        raise Refused.because(Reason.SIGN_IN_SERVICE_FAILED)
    with _told(), _session(provider, back) as session:
        described = _described(provider, session)
        told = session.fetch_token(
            described["token_endpoint"],
            code=given["code"],
            code_verifier=question.verifier,
            grant_type="authorization_code",
            timeout=TIMEOUT,
            allow_redirects=False,
        )
        keys = _json(session, described["jwks_uri"])
        return _subject(provider, question, told["id_token"], keys, at)


def _subject(provider: Provider, question: Question, token: str, keys: Any, at: datetime) -> str:
    from joserfc import jwt
    from joserfc.jwk import KeySet

    claims = jwt.decode(token, KeySet.import_key_set(keys), algorithms=list(_SIGNED_WITH)).claims
    registry = jwt.JWTClaimsRegistry(
        now=int(at.timestamp()),
        leeway=LEEWAY,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client_id},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
        nonce={"essential": True, "value": question.nonce},
    )
    registry.validate(claims)
    others = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if len(others) > 1 and claims.get("azp") != provider.client_id:
        raise ValueError("the token is another program's")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise ValueError("a subject has from 1 to 255 characters")
    return subject


def _session(provider: Provider, back: str) -> OAuth2Session:
    from authlib.integrations.requests_client import OAuth2Session

    return OAuth2Session(
        provider.client_id,
        provider.client_secret,
        token_endpoint_auth_method="client_secret_basic",  # noqa: S106 - the name of a method
        scope="openid",
        redirect_uri=back,
        code_challenge_method="S256",
        default_timeout=TIMEOUT,
    )


def _described(provider: Provider, session: OAuth2Session) -> dict[str, str]:
    """What the service says of itself; one that calls itself otherwise is not the one that was set."""
    found = _json(session, provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
    if found["issuer"] != provider.issuer:
        raise ValueError("another issuer answers")
    return cast(dict[str, str], found)


def _json(session: OAuth2Session, url: str) -> Any:
    answer = session.request("GET", url, withhold_token=True, timeout=TIMEOUT, allow_redirects=False)
    if answer.status_code != 200:
        raise ValueError(f"the service answered {answer.status_code}")
    return answer.json()


@contextmanager
def _told() -> Iterator[None]:
    """Whatever goes wrong with the service is one refusal: who signs in can only try again, or use a password."""
    if not _TURNS.acquire(timeout=PATIENCE):
        raise Refused.because(Reason.SIGN_IN_SERVICE_FAILED)
    try:
        yield
    except ImportError:
        raise  # the extra is missing: whoever keeps the server is told so
    except Exception as error:  # a stranger's answers fail in every way there is
        logs.warning("sign-in service", kind=type(error).__name__)
        raise Refused.because(Reason.SIGN_IN_SERVICE_FAILED) from error
    finally:
        _TURNS.release()
