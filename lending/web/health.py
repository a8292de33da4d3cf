"""Whether the process lives, whether it can serve, and what it has served: for load balancers and monitors."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from lending import paths
from lending.queries.jobs import jobs_shown
from lending.web import current, metrics
from lending.web.access import public

bp = Blueprint("health", __name__)

_PASSED_ON = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")
"""What a proxy adds to the requests that it passes on. Source: RFC 7239, RFC 9110 (7.6.3)."""


@bp.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """The process lives; nothing else is asked."""
    return jsonify(status="ok")


@bp.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """The database answers and has every migration, and somebody runs the jobs; else 503."""
    try:
        with current.library().db.read() as session:
            applied = set(session.connection().scalars(text("SELECT version_num FROM alembic_version")))
            if applied != {paths.newest_migration()}:
                return jsonify(status="migrations wait"), 503
            jobs = jobs_shown(session, at=current.library().clock.now())
    except SQLAlchemyError:
        return jsonify(status="no database"), 503
    if jobs.silent:
        return jsonify(status="jobs are silent"), 503
    if jobs.late:
        return jsonify(status="jobs are late", **({"late": jobs.late} if _is_a_monitor() else {})), 503
    return jsonify(status="ready")


@bp.get("/metrics")
@public
def numbers() -> ResponseReturnValue:
    """Prometheus' numbers, for the addresses of the setting ``METRICS_FROM``; to others there is nothing here."""
    if not _is_a_monitor():
        abort(404)
    return Response(metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _is_a_monitor() -> bool:
    """Whether an allowed address itself asks.

    A proxy that ``PROXY_HOPS`` does not count passes on what anybody asks, and does so from this very machine, which is
    allowed. It shows by what it adds to a request, or by the name that was asked for: a monitor here asks here.
    """
    here = request.remote_addr or ""
    if here not in current.library().settings.metrics_from:
        return False
    before = request.environ.get("werkzeug.proxy_fix.orig", {}).get("REMOTE_ADDR", here)
    if before != here:
        return not _is_loopback(here)  # nobody comes from there by way of a proxy
    if any(name in request.headers for name in _PASSED_ON):
        return False
    return not _is_loopback(here) or _is_loopback(urlsplit(f"//{request.host}").hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
