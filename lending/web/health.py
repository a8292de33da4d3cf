"""Whether the process lives, whether it can serve, and what it has served: for load balancers and monitors."""

from __future__ import annotations

from functools import cache

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from lending import paths
from lending.queries.jobs import jobs_shown
from lending.web import current, metrics
from lending.web.access import public

bp = Blueprint("health", __name__)


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
            if applied != _heads():
                return jsonify(status="migrations wait"), 503
            jobs = jobs_shown(session, at=current.library().clock.now())
    except SQLAlchemyError:
        return jsonify(status="no database"), 503
    if jobs.silent:
        return jsonify(status="jobs are silent"), 503
    if jobs.late:
        return jsonify(status="jobs are late", late=jobs.late), 503
    return jsonify(status="ready")


@bp.get("/metrics")
@public
def numbers() -> ResponseReturnValue:
    """Prometheus' numbers, for the addresses of the setting ``METRICS_FROM``; to others there is nothing here."""
    if request.remote_addr not in current.library().settings.metrics_from:
        abort(404)
    return Response(metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8")


@cache
def _heads() -> frozenset[str]:
    from alembic.script import ScriptDirectory

    return frozenset(ScriptDirectory(str(paths.MIGRATIONS)).get_heads())
