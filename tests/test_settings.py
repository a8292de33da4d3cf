"""Settings: where they come from, and how a wrong one is refused."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from lending import paths
from lending.settings import Profile, Settings, WrongSetting, load

SECRET = "a secret that is only long enough for tests"
PRODUCTION = {
    "LENDING_PROFILE": "production",
    "LENDING_SECRET_KEY": SECRET,
    "LENDING_DATABASE_URL": "postgresql+psycopg://lending:pw@db.example/lending",
}


def _load(folder: Path, **variables: str) -> Settings:
    return load({f"LENDING_{name}": value for name, value in variables.items()}, instance=folder)


def test_without_any_setting_the_library_is_a_demonstration_on_sqlite(tmp_path: Path) -> None:
    settings = _load(tmp_path)
    assert settings.profile is Profile.DEMONSTRATION
    assert settings.database_url == f"sqlite:///{tmp_path / 'lending.sqlite3'}"
    assert settings.bind == "127.0.0.1:8000"
    assert settings.max_upload_bytes == 16 * 1024 * 1024
    assert settings.zone == "America/Los_Angeles"
    assert settings.institution == "9999"


def test_every_setting_has_its_default_in_config_py_and_none_is_left_over() -> None:
    names = {line.split(" = ")[0].lower() for line in paths.CONFIG.read_text().splitlines() if " = " in line[:32]}
    assert names == set(Settings.__dataclass_fields__) - {"instance"}


def test_the_later_source_wins(tmp_path: Path) -> None:
    file = tmp_path / "ours.py"
    file.write_text("LIBRARY_NAME = 'From the file'\nSESSION_HOURS = 8\nPROXY_HOPS = 1\n", encoding="utf-8")
    environ = {"LENDING_CONFIG": str(file), "LENDING_SESSION_HOURS": "9", "LENDING_PROXY_HOPS": "2"}
    settings = load(environ, instance=tmp_path, given={"proxy_hops": 3})
    assert (settings.library_name, settings.session_hours, settings.proxy_hops) == ("From the file", 9, 3)


def test_the_instance_folder_comes_from_its_variable(tmp_path: Path) -> None:
    assert load({"LENDING_INSTANCE": str(tmp_path)}).instance == tmp_path


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("PROFILE", "live", "development, demonstration, production, testing"),
        ("DATABASE_URL", "mysql://root@db.example/lending", "sqlite:///PATH"),
        ("DATABASE_URL", "a database", "sqlite:///PATH"),
        ("DATABASE_URL", "sqlite://", "sqlite:///PATH"),
        ("SECRET_KEY", "short", "at least 32 characters"),
        ("CLOCK", "yesterday", "'system' or 'file:PATH'"),
        ("LOG_LEVEL", "loud", "DEBUG, INFO, WARNING, ERROR"),
        ("BIND", "8000", "HOST:PORT"),
        ("BIND", "127.0.0.1:eighty", "HOST:PORT"),
        ("SIP2_BIND", "127.0.0.1:70000", "HOST:PORT"),
        ("TRUSTED_HOSTS", "", "say it in words"),
        ("PROXY_HOPS", "many", "from 0 to 10"),
        ("PROXY_HOPS", "-1", "from 0 to 10"),
        ("SECURE_COOKIES", "maybe", "yes or no"),
        ("SESSION_HOURS", "0", "from 1 to 72"),
        ("MAX_UPLOAD_BYTES", "16 MiB", "a whole number"),
        ("SMTP_URL", "mail.example", "smtp://HOST:PORT"),
        ("MAIL_FROM", "the library", "one mail address"),
        ("BOUNCE_SECRET", "short", "at least 32 characters"),
        ("TEXT_URL", "gateway.example", "an address such as"),
        ("TEXT_SECRET", "short", "at least 32 characters"),
        ("WEBHOOK_NETWORKS", "10.0.0.1/8", "networks with commas"),
        ("WEBHOOK_NETWORKS", "everywhere", "networks with commas"),
        ("DEFAULT_LOCALE", "tlh-x", "a language"),
        ("ZONE", "Pacific", "a zone"),
        ("ZONE", "../../etc/passwd", "a zone"),
        ("PATRON_CARD_PREFIX", "22", "exactly 1 digit,"),
        ("INSTITUTION", "99", "exactly 4 digits"),
        ("KIT_CODE_PATTERN", "KIT-(", "a regular expression"),
    ],
)
def test_a_wrong_value_names_itself_its_source_and_what_is_right(
    tmp_path: Path, name: str, value: str, right: str
) -> None:
    with pytest.raises(WrongSetting) as refusal:
        _load(tmp_path, **{name: value})
    sentence = str(refusal.value)
    assert sentence.startswith(f"{name} (from the variable LENDING_{name}) is wrong")
    assert right in sentence


def test_a_wrong_secret_is_not_repeated_aloud(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting) as refusal:
        _load(tmp_path, SECRET_KEY="hunter2")
    assert "hunter2" not in str(refusal.value)


def test_settings_shown_hold_no_secret(tmp_path: Path) -> None:
    shown = repr(_load(tmp_path, SECRET_KEY=SECRET, SMTP_URL="smtps://u:pass-word@mail.example:465"))
    assert SECRET not in shown
    assert "pass-word" not in shown


def test_an_unknown_setting_is_refused_with_a_guess(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match=r"LENDING_PROXY_HOP.*Is it PROXY_HOPS"):
        _load(tmp_path, PROXY_HOP="1")


def test_a_variable_for_the_tests_is_no_setting(tmp_path: Path) -> None:
    assert _load(tmp_path, TEST_POSTGRESQL_URL="x", BENCH_ROUNDS="3").profile is Profile.DEMONSTRATION


@pytest.mark.parametrize(
    ("written", "said"),
    [("BIND = ", "not valid Python, line 1"), ("BIND = host + ':80'", "NameError"), ("COLOUR = 'red'", "COLOUR")],
)
def test_a_wrong_settings_file_is_refused_by_its_name(tmp_path: Path, written: str, said: str) -> None:
    file = tmp_path / "ours.py"
    file.write_text(written, encoding="utf-8")
    with pytest.raises(WrongSetting, match=said) as refusal:
        load({"LENDING_CONFIG": str(file)}, instance=tmp_path)
    assert str(file) in str(refusal.value)


def test_a_missing_settings_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="cannot be read"):
        load({"LENDING_CONFIG": str(tmp_path / "nowhere.py")}, instance=tmp_path)


@pytest.mark.parametrize("short", ["postgres", "postgresql"])
def test_the_short_form_of_a_postgresql_address_picks_our_driver(tmp_path: Path, short: str) -> None:
    settings = _load(tmp_path, DATABASE_URL=f"{short}://lending@db.example/lending")
    assert settings.database_url == "postgresql+psycopg://lending@db.example/lending"


def test_hosts_are_read_from_a_list_with_commas(tmp_path: Path) -> None:
    assert _load(tmp_path, TRUSTED_HOSTS="kits.example, .kits.example").trusted_hosts == (
        "kits.example",
        ".kits.example",
    )


def test_production_has_secure_cookies_and_a_demonstration_has_not(tmp_path: Path) -> None:
    assert load(PRODUCTION, instance=tmp_path).secure_cookies
    assert not _load(tmp_path).secure_cookies
    assert not load(PRODUCTION | {"LENDING_SECURE_COOKIES": "no"}, instance=tmp_path).secure_cookies


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL"])
def test_production_makes_nothing_up(tmp_path: Path, name: str) -> None:
    environ = {key: value for key, value in PRODUCTION.items() if key != f"LENDING_{name}"}
    with pytest.raises(WrongSetting, match=f"^{name} must be given in production"):
        load(environ, instance=tmp_path)
    assert not list(tmp_path.iterdir())


def test_production_refuses_a_clock_that_can_be_set(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match=r"^CLOCK must be 'system' in production"):
        load(PRODUCTION | {"LENDING_CLOCK": "file:clock"}, instance=tmp_path)


def test_cards_and_kits_may_not_share_their_codes(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="PATRON_CARD_PREFIX and ITEM_PREFIX must differ"):
        _load(tmp_path, ITEM_PREFIX="2")
    with pytest.raises(WrongSetting, match="KIT_CODE_PATTERN must not fit a library card"):
        _load(tmp_path, KIT_CODE_PATTERN=r"\d+")


def test_the_secret_key_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "instance"
    first, second = _load(folder), _load(folder)
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 32
    assert stat.S_IMODE((folder / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["secret_key"]
    assert _load(tmp_path / "another").secret_key != first.secret_key


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    barrier = threading.Barrier(8)
    keys: set[str] = set()

    def start() -> None:
        barrier.wait()
        keys.add(_load(tmp_path).secret_key)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 1


def test_a_key_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("oops", encoding="ascii")
    with pytest.raises(WrongSetting, match="too short"):
        _load(tmp_path)


def test_a_gateway_without_a_secret_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="TEXT_SECRET must be given"):
        _load(tmp_path, TEXT_URL="https://gateway.example/texts")
    assert _load(tmp_path, TEXT_URL="https://gateway.example/texts", TEXT_SECRET=SECRET).text_secret == SECRET


def test_a_sign_in_service_is_set_whole_or_not_at_all_and_reached_where_nobody_listens(tmp_path: Path) -> None:
    whole = {"OIDC_ISSUER": "https://id.example.org", "OIDC_CLIENT_ID": "lending", "OIDC_CLIENT_SECRET": "hidden away"}
    settings = _load(tmp_path, **whole)
    assert settings.oidc_issuer == "https://id.example.org"
    assert "hidden away" not in repr(settings)
    for missing in whole:
        with pytest.raises(WrongSetting, match="must be given together"):
            _load(tmp_path, **{name: value for name, value in whole.items() if name != missing})
    with pytest.raises(WrongSetting, match="begins with https"):
        _load(tmp_path, **{**whole, "OIDC_ISSUER": "http://id.example.org"})
