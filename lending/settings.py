"""How this library is set up, read once at the start and never changed while it runs.

The defaults of ``config.py`` come first, then the file named by ``LENDING_CONFIG``, then the variables
``LENDING_<NAME>``, then what a caller gives (the command line, a test). A wrong value, or a name nobody knows, refuses
to start and says which setting it is, where it came from and what would be right.
"""

from __future__ import annotations

import difflib
import os
import re
import secrets
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum, unique
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from flask.config import Config
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from lending import paths
from lending.clock import clock_from

_VARIABLE = "LENDING_"
_APART = frozenset({"LENDING_CONFIG", "LENDING_INSTANCE"})
"""Variables that say where to look, and so cannot themselves be settings."""
_FOR_TESTS = ("LENDING_TEST_", "LENDING_BENCH_")
"""Beginnings of variables that belong to the tests and the benchmarks."""
_KEY_LENGTH = 32


class WrongSetting(Exception):
    """A setting is wrong; the message names it, where it came from and what would be right."""


@unique
class Profile(StrEnum):
    """What this copy of the library is for."""

    DEVELOPMENT = "development"
    DEMONSTRATION = "demonstration"
    PRODUCTION = "production"
    TESTING = "testing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an operator may set, already checked. What each means stands beside its default in ``config.py``."""

    instance: Path
    """The folder of what this library makes; see ``lending/paths.py``."""
    profile: Profile
    database_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    clock: str
    log_level: str
    bind: str
    web_workers: int
    web_threads: int
    site_url: str | None
    trusted_hosts: tuple[str, ...]
    proxy_hops: int
    metrics_from: tuple[str, ...]
    secure_cookies: bool
    session_hours: int
    max_upload_bytes: int
    sip2_bind: str
    smtp_url: str | None = field(repr=False)
    mail_from: str
    bounce_secret: str | None = field(repr=False)
    notices_a_second: int
    text_url: str | None = field(repr=False)
    text_secret: str | None = field(repr=False)
    webhook_networks: tuple[IPv4Network | IPv6Network, ...]
    ping_url: str | None = field(repr=False)
    backup_folder: Path
    backups_kept: int
    journal_head_to: str | None
    ledger_key_file: Path
    oidc_issuer: str | None
    oidc_client_id: str | None
    oidc_client_secret: str | None = field(repr=False)
    library_name: str
    default_locale: str
    zone: str
    patron_card_prefix: str
    item_prefix: str
    institution: str
    kit_code_pattern: str


def load(
    environ: Mapping[str, str] | None = None, *, instance: Path | None = None, given: Mapping[str, object] | None = None
) -> Settings:
    """The settings of this process; ``WrongSetting`` when one of them is wrong.

    ``environ`` stands for the process's environment, ``instance`` for its instance folder, and ``given`` holds settings
    by their lower-case names that go before all others. Outside production a missing secret key is made once and kept
    in the instance folder, readable by its owner alone.
    """
    environ = os.environ if environ is None else environ
    folder = instance or paths.instance_folder(environ)
    values: dict[str, Any] = {"instance": folder}
    for name, (value, origin) in _gathered(environ, given or {}).items():
        try:
            values[name] = _PARSERS[name](value)
        except ValueError as error:
            shown = "the value given" if name in _SECRET else repr(value)
            raise WrongSetting(f"{name.upper()} (from {origin}) is wrong: {error}, not {shown}.") from None
    _complete(values)
    return Settings(**values)


def _gathered(environ: Mapping[str, str], given: Mapping[str, object]) -> dict[str, tuple[object, str]]:
    """Each setting's raw value and where it came from; the last source wins."""
    found: dict[str, tuple[object, str]] = {}

    def add(values: Mapping[str, object], origin: Callable[[str], str]) -> None:
        for name, value in values.items():
            if name not in _PARSERS:
                near = difflib.get_close_matches(name, _PARSERS, n=1)
                hint = f" Is it {near[0].upper()}?" if near else ""
                raise WrongSetting(f"{name.upper()} (from {origin(name)}) is no setting of this library.{hint}")
            found[name] = (value, origin(name))

    add(_of_file(paths.CONFIG), lambda _: "config.py")
    named = environ.get("LENDING_CONFIG")
    if named:
        add(_of_file(Path(named).expanduser()), lambda _: str(named))
    variables = {
        name.removeprefix(_VARIABLE).lower(): value
        for name, value in environ.items()
        if name.startswith(_VARIABLE) and name not in _APART and not name.startswith(_FOR_TESTS)
    }
    add(variables, lambda name: f"the variable {_VARIABLE}{name.upper()}")
    add(given, lambda _: "the caller")
    return found


def _of_file(path: Path) -> dict[str, object]:
    """The settings of a Flask pyfile, by lower-case names."""
    config = Config(path.parent)
    try:
        config.from_pyfile(path.absolute())
    except OSError as error:
        raise WrongSetting(
            f"The settings file {path} (from LENDING_CONFIG) cannot be read: {error.strerror}."
        ) from error
    except SyntaxError as error:
        raise WrongSetting(
            f"The settings file {path} is not valid Python, line {error.lineno}: {error.msg}."
        ) from error
    # The file is the operator's own program: whatever it raises is told by the file's name.
    except Exception as error:
        raise WrongSetting(f"The settings file {path} stopped with {type(error).__name__}: {error}.") from error
    return {name.lower(): value for name, value in config.items()}


def _complete(values: dict[str, Any]) -> None:
    """Work out what was left open, and refuse what does not go together."""
    production = values["profile"] is Profile.PRODUCTION
    if production and values["clock"] != "system":
        raise WrongSetting("CLOCK must be 'system' in production: there a clock that can be set would forge due dates.")
    if production and values["database_url"] is None:
        raise WrongSetting("DATABASE_URL must be given in production, so that nobody's loans land in a forgotten file.")
    if production and values["secret_key"] is None:
        raise WrongSetting("SECRET_KEY must be given in production: keep it where you keep your other secrets.")
    if values["text_url"] is not None and values["text_secret"] is None:
        raise WrongSetting("TEXT_SECRET must be given with TEXT_URL, or anybody could stop a patron's text messages.")
    _check_sign_in_service(values)
    if values["patron_card_prefix"] == values["item_prefix"]:
        raise WrongSetting("PATRON_CARD_PREFIX and ITEM_PREFIX must differ, or a card could be taken for a kit.")
    sample = values["patron_card_prefix"] + values["institution"] + "0" * 9
    if re.fullmatch(values["kit_code_pattern"], sample):
        raise WrongSetting("KIT_CODE_PATTERN must not fit a library card such as " + sample + ".")
    folder: Path = values["instance"]
    if values["database_url"] is None:
        values["database_url"] = f"sqlite:///{folder / 'lending.sqlite3'}"
    if values["web_workers"] > 1 and values["database_url"].startswith("sqlite"):
        raise WrongSetting("WEB_WORKERS must be 1 on SQLite, where threads of one process take turns to write fairly.")
    for name, inside in (("backup_folder", "backups"), ("ledger_key_file", "ledger_key")):
        values[name] = values[name] or folder / inside
    if values["secret_key"] is None:
        values["secret_key"] = _kept_secret(folder)
    if values["secure_cookies"] is None:
        values["secure_cookies"] = production


def _check_sign_in_service(values: Mapping[str, Any]) -> None:
    missing = [values[name] is None for name in ("oidc_issuer", "oidc_client_id", "oidc_client_secret")]
    if any(missing) and not all(missing):
        raise WrongSetting(
            "OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET must be given together, or none of them."
        )


def _kept_secret(folder: Path) -> str:
    """The secret key of the instance folder, made at the first start; processes that start together agree on one."""
    path = folder / "secret_key"
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = folder / f".secret_key.{secrets.token_hex(8)}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first; its key is the key
        finally:
            draft.unlink()
    key = path.read_text(encoding="ascii").strip()
    if len(key) < _KEY_LENGTH:
        raise WrongSetting(f"SECRET_KEY in {path} is too short; delete the file and a new one is made.")
    return key


# One parser per setting: the raw value in, the checked value out, a ValueError that says what would be right.


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("say it in words")
    return value.strip()


def _profile(value: object) -> Profile:
    try:
        return Profile(_text(value).lower())
    except ValueError:
        raise ValueError("say one of " + ", ".join(Profile)) from None


def _database_url(value: object) -> str | None:
    if value is None:
        return None
    right = "say sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/NAME"
    # Hosting services hand out the short forms, which would pick another driver.
    text = re.sub(r"^(postgres|postgresql)://", "postgresql+psycopg://", _text(value))
    try:
        url = make_url(text)
    except ArgumentError:
        raise ValueError(right) from None
    if url.drivername not in {"sqlite", "postgresql+psycopg"} or not url.database:
        raise ValueError(right)
    return text


def _secret_key(value: object) -> str | None:
    if value is None:
        return None
    if len(_text(value)) < _KEY_LENGTH:
        raise ValueError(f"it needs at least {_KEY_LENGTH} characters that nobody can guess")
    return _text(value)


def _clock(value: object) -> str:
    clock_from(_text(value))
    return _text(value)


def _log_level(value: object) -> str:
    return _one_of(_text(value).upper(), ("DEBUG", "INFO", "WARNING", "ERROR"))


def _one_of(text: str, allowed: tuple[str, ...]) -> str:
    if text not in allowed:
        raise ValueError("say one of " + ", ".join(allowed))
    return text


def _address(value: object) -> str:
    host, _, port = _text(value).rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ValueError("say HOST:PORT, such as 127.0.0.1:8000")
    return _text(value)


def _names(value: object) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not parts:
        raise ValueError("say host names with commas between them")
    return tuple(_text(part) for part in parts)


def _whole(low: int, high: int) -> Callable[[object], int]:
    def parse(value: object) -> int:
        wrong = ValueError(f"say a whole number from {low} to {high}")
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise wrong
        try:
            number = int(value)
        except ValueError:
            raise wrong from None
        if not low <= number <= high:
            raise wrong
        return number

    return parse


def _yes_or_no(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off"}:
        return False
    raise ValueError("say yes or no")


def _smtp_url(value: object) -> str | None:
    if value is None:
        return None
    url = urlsplit(_text(value))
    if url.scheme not in {"smtp", "smtps"} or not url.hostname:
        raise ValueError("say smtp://HOST:PORT or smtps://USER:PASSWORD@HOST:PORT")
    return _text(value)


def _web_address(value: object) -> str | None:
    if value is None:
        return None
    url = urlsplit(_text(value))
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise ValueError("say an address such as https://watch.example.org/kits")
    return _text(value)


def _site(value: object) -> str | None:
    text = _web_address(value)
    return None if text is None else text.rstrip("/")


def _networks(value: object) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(map(ip_network, _names(value))) if value is not None else ()
    except ValueError:
        raise ValueError("say networks with commas between them, such as 10.20.0.0/16, 192.0.2.7") from None


def _folder(value: object) -> Path | None:
    return None if value is None else Path(_text(value)).expanduser()


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _issuer(value: object) -> str | None:
    """Over https, or on this machine itself: whoever could change the answers could sign in as anybody."""
    text = _web_address(value)
    url = urlsplit(text or "")
    if text is not None and url.scheme != "https" and url.hostname not in {"127.0.0.1", "::1", "localhost"}:
        raise ValueError("say an address that begins with https://")
    return text


def _mail_address_or_none(value: object) -> str | None:
    return None if value is None else _mail_address(value)


def _mail_address(value: object) -> str:
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", _text(value)):
        raise ValueError("say one mail address, such as library@example.org")
    return _text(value)


def _locale(value: object) -> str:
    try:
        return str(Locale.parse(_text(value)))
    except (ValueError, UnknownLocaleError):
        raise ValueError("say a language such as en or es") from None


def _zone(value: object) -> str:
    try:
        return zoneinfo.ZoneInfo(_text(value)).key
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("say a zone such as America/Los_Angeles") from None


def _digits(length: int) -> Callable[[object], str]:
    def parse(value: object) -> str:
        text = _text(value)
        if not re.fullmatch(rf"[0-9]{{{length}}}", text):
            raise ValueError(f"say exactly {length} digit{'s' if length > 1 else ''}, in quotes")
        return text

    return parse


def _pattern(value: object) -> str:
    try:
        re.compile(_text(value))
    except re.error as error:
        raise ValueError(f"say a regular expression ({error})") from None
    return _text(value)


_PARSERS: Mapping[str, Callable[[object], object]] = {
    "profile": _profile,
    "database_url": _database_url,
    "secret_key": _secret_key,
    "clock": _clock,
    "log_level": _log_level,
    "bind": _address,
    "web_workers": _whole(1, 64),
    "web_threads": _whole(1, 64),
    "trusted_hosts": _names,
    "proxy_hops": _whole(0, 10),
    "metrics_from": _names,
    "secure_cookies": _yes_or_no,
    "session_hours": _whole(1, 72),
    "max_upload_bytes": _whole(1, 1024**3),
    "sip2_bind": _address,
    "smtp_url": _smtp_url,
    "mail_from": _mail_address,
    "bounce_secret": _secret_key,
    "notices_a_second": _whole(0, 1000),
    "text_url": _web_address,
    "site_url": _site,
    "text_secret": _secret_key,
    "webhook_networks": _networks,
    "ping_url": _web_address,
    "backup_folder": _folder,
    "ledger_key_file": _folder,
    "backups_kept": _whole(0, 3650),
    "journal_head_to": _mail_address_or_none,
    "oidc_issuer": _issuer,
    "oidc_client_id": _text_or_none,
    "oidc_client_secret": _text_or_none,
    "library_name": _text,
    "default_locale": _locale,
    "zone": _zone,
    "patron_card_prefix": _digits(1),
    "item_prefix": _digits(1),
    "institution": _digits(4),
    "kit_code_pattern": _pattern,
}
_SECRET = frozenset(spec.name for spec in fields(Settings) if not spec.repr)
