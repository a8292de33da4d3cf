"""What every answer carries besides its page: security headers, a request id, and one log line without patron data."""

from __future__ import annotations

import time
from functools import cache
from urllib.parse import urlsplit

from flask import Flask, Response, g, request, session

from lending import logs
from lending.models.base import new_public_id
from lending.web import current, metrics

_ACTED = "acted"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def install(app: Flask) -> None:
    """Begin each request with an id and end each answer with its headers and its line in the log."""
    app.before_request(_begin)
    app.after_request(_end)


def request_id() -> str:
    """The id of the request under way: what a person reads out when something went wrong."""
    if "request_id" not in g:
        g.request_id = new_public_id()
    return str(g.request_id)


def kept_for_good(response: Response) -> Response:
    """Let browsers keep what never changes under its address, and has nothing of anybody in it."""
    g.may_be_kept = True
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def let_camera() -> None:
    """Let the page of this request ask for the camera, which every other page is denied."""
    g.camera = True


def just_acted() -> bool:
    """Whether the page is what an act led to; asked once by each page."""
    return request.method == "POST" or session.pop(_ACTED, None) == request.path


def _begin() -> None:
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    response.headers.extend(_security_headers(current.library().settings.secure_cookies, g.get("camera", False)))
    response.headers["X-Request-ID"] = request_id()
    if request.method == "POST" and response.status_code in (302, 303) and session:
        session[_ACTED] = urlsplit(response.location or "").path
    rule = request.url_rule.rule if request.url_rule else "none"
    static = request.endpoint is not None and request.endpoint.endswith("static")
    if response.status_code >= 400 or not (static or g.get("may_be_kept")):
        # What a signed-in person saw is not kept by a shared computer's browser, nor the page in place of a file.
        response.headers["Cache-Control"] = "no-store"
    seconds = time.perf_counter() - g.get("began", time.perf_counter())
    method = request.method if request.method in _METHODS else "other"  # whoever asks may make up any
    metrics.count(method, rule, response.status_code, seconds)
    # The rule and never the path or the query: those hold codes and names.
    logs.info(
        "request",
        method=method,
        rule=rule,
        status=response.status_code,
        ms=round(seconds * 1000, 1),
        request_id=request_id(),
    )
    return response


@cache
def _security_headers(https: bool, camera: bool) -> tuple[tuple[str, str], ...]:
    """A policy that runs nothing but the library's own files; built once."""
    import secure

    policy = (
        secure.ContentSecurityPolicy()
        .default_src("'self'")
        .img_src("'self'", "data:")  # Bootstrap's own ticks and arrows are pictures inside its style sheet
        .object_src("'none'")
        .base_uri("'none'")
        .form_action("'self'")
        .frame_ancestors("'none'")
    )
    headers = secure.Secure(
        csp=policy,
        coop=secure.CrossOriginOpenerPolicy().same_origin(),
        corp=secure.CrossOriginResourcePolicy().same_origin(),
        referrer=secure.ReferrerPolicy().same_origin(),
        permissions=secure.PermissionsPolicy()
        .geolocation()
        .microphone()
        .camera(*(["self"] if camera else []))
        .payment()
        .usb(),
        xcto=secure.XContentTypeOptions().nosniff(),
        xfo=secure.XFrameOptions().deny(),
        hsts=secure.StrictTransportSecurity().max_age(31_536_000).include_subdomains() if https else None,
    )
    return tuple(headers.headers.items())
