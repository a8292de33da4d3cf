"""Logs: one JSON object a line, on standard error or output, without a patron's data."""

from __future__ import annotations

import logging

import structlog


def configure(level: str) -> None:
    """Log from ``level`` (a name such as ``INFO``) on, in this process."""
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=False,
    )
