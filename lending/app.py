"""The web application: the one place where everything is put together.

Pages, the API and the ground they stand on. Nothing heavy is imported here that a page does not need (BATTERY P9).
"""

from __future__ import annotations

from datetime import timedelta

import flask_login
from flask import Flask, g
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from lending import api, logs, paths, web
from lending import settings as setting
from lending.api import docs, late
from lending.domain.contacts import phone_as_written
from lending.library import Library, open_library
from lending.queries.borrowers import patron_account
from lending.queries.staff import account
from lending.settings import Settings
from lending.web import access, answers, current, errors, languages, shifts, tasks
from lending.web.late_rules import LateRule


def create_app(settings: Settings | None = None, library: Library | None = None) -> Flask:
    """The application for one library; its settings and rows are the process's own unless they are given.

    Raises ``WrongSetting``, and ``RuntimeError`` when an endpoint does not say who may use it.
    """
    if library is None:
        library = open_library(settings or setting.load())
    app = _ground(library)
    app.url_rule_class = LateRule
    csrf = CSRFProtect(app)
    Bootstrap5(app)
    app.before_request(access.guard)
    errors.install(app)
    for blueprint in (*web.blueprints(), docs.bp):
        app.register_blueprint(blueprint)
    # A form's token would protect nothing where each message is signed (hooks). What the API can do is everybody's.
    own = (*web.GUARDED, docs.bp.name)
    access.guarded_blueprints(app).update(own)
    for name in own:
        csrf.exempt(app.blueprints[name])
    app.context_processor(_for_every_page)
    app.add_template_filter(lambda cents: current.reader().money(cents), "money")
    app.add_template_filter(lambda number: phone_as_written(number or ""), "telephone")
    silent = list(access.undeclared(app))
    if silent:
        raise RuntimeError(f"Nobody said who may use {', '.join(silent)}: declare it with allow, signed_in or public.")
    late.install(app, lambda: _calls(library))
    if hops := library.settings.proxy_hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # as Flask's manual does
    return app


def _ground(library: Library) -> Flask:
    """What pages and calls stand on: the library, its settings, who is signed in, languages, and each answer's end."""
    app = Flask("lending", template_folder=str(paths.TEMPLATES), static_folder=str(paths.STATIC))
    app.extensions["lending"] = library
    _configure(app, library.settings)
    logs.configure(library.settings.log_level)
    answers.install(app)
    Babel(app, locale_selector=languages.chosen, default_translation_directories=str(paths.LOCALE))
    _sign_in(app)
    return app


def _calls(library: Library) -> Flask:
    """The application of the calls, which answers bearer tokens alone and guards itself."""
    app = _ground(library)
    api.register(app)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key,
        TESTING=settings.profile is setting.Profile.TESTING,
        TRUSTED_HOSTS=list(settings.trusted_hosts),
        MAX_CONTENT_LENGTH=settings.max_upload_bytes,
        MAX_FORM_MEMORY_SIZE=min(settings.max_upload_bytes, 500_000),
        SESSION_COOKIE_NAME="__Host-lending" if settings.secure_cookies else "lending",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # From signing in, not from the last scan: a shift ends, also for a browser that scans all night.
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_hours),
        # A desk left open over lunch keeps its token; the session's own end is the limit.
        WTF_CSRF_TIME_LIMIT=None,
        BOOTSTRAP_SERVE_LOCAL=True,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _sign_in(app: Flask) -> None:
    manager = flask_login.LoginManager(app)
    manager.session_protection = None  # it would sign a desk out whose address changes; the cookie is signed and short

    @manager.user_loader  # type: ignore[untyped-decorator]  # flask-login has no types
    def load(kept: str) -> current.SignedIn | current.PatronSignedIn | None:
        if kept.startswith(current.PatronSignedIn.MARK):
            return patron(kept.removeprefix(current.PatronSignedIn.MARK))
        public_id, _, version = kept.partition(".")
        if shifts.is_over():
            return None
        with current.library().db.look() as connection:
            found = account(connection, public_id, browser=shifts.digest())
        return current.SignedIn(found) if found is not None and found.session_version == version else None

    def patron(kept: str) -> current.PatronSignedIn | None:
        public_id, _, version = kept.partition(".")
        if not shifts.goes_on():
            return None
        with current.library().db.look() as connection:
            found = patron_account(connection, public_id, browser=shifts.digest())
        return current.PatronSignedIn(found) if found is not None and found.session_version == version else None


def _for_every_page() -> dict[str, object]:
    code = current.locale()
    return {
        "lang": code.replace("_", "-"),
        "direction": languages.direction(code),
        "languages": languages.named(),
        "staff": current.staff() if "_login_user" in g or current.staff() else None,
        "station": current.station(),
        "borrower": current.borrower(),
        "library_own": current.library().own_settings(),
        "library_name": current.library().own_settings().name,
        "request_id": answers.request_id(),
        "just_acted": answers.just_acted,
        "tasks_waiting": tasks.waiting,
    }
