"""Posting JSON to a chat server: which answers are final, which are worth another attempt."""

import logging
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx

from bunker.masking import RedactingFilter, Redactor, Secret
from bunker.notify.message import NotifyFailed
from bunker.printable import printable

LARGEST_ANSWER = 65_536
"""Bytes of an answer that are read; Gotify repeats the whole message in its own."""
LONGEST_REASON = 160
_LONG_ENOUGH = 8


def post_json(
    url: Secret,
    body: Mapping[str, Any],
    *,
    seconds: float,
    accepted: Callable[[str], bool],
    refusal: str,
    headers: Mapping[str, Secret] | None = None,
) -> None:
    """Post once, following no redirect: the secrets are meant for this server only.

    ``accepted`` tells whether an answer says that the message arrived; ``refusal`` begins the
    reason where it does not. Raises NotifyFailed: retryable where the server cannot be reached or
    answers 408, 429 or 5xx.
    """
    _log_redactor().add(address_secrets(url))
    redactor = Redactor([*address_secrets(url), *(headers or {}).values()])
    try:
        said = _post(url, body, headers or {}, seconds, redactor)
    except httpx.TimeoutException:
        failure = NotifyFailed(f"gave no answer within {seconds:.0f} s", retryable=True)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
        failure = _unreachable(error, redactor)
    else:
        if accepted(said):
            return
        failure = NotifyFailed(f"{refusal}: {excerpt(said, redactor)}", retryable=False)
    # Raised out here, so that it does not carry the request, and with it the token, along.
    raise failure


def _post(
    url: Secret,
    body: Mapping[str, Any],
    headers: Mapping[str, Secret],
    seconds: float,
    redactor: Redactor,
) -> str:
    """What the server said with a 2xx status."""
    end = time.monotonic() + seconds
    shown = {name: value.reveal() for name, value in headers.items()}
    with (
        httpx.Client(timeout=seconds, follow_redirects=False) as client,
        client.stream(
            "POST",
            url.reveal(),
            json=dict(body),
            headers={"Accept-Encoding": "identity", "User-Agent": "bunker-ops", **shown},
        ) as response,
    ):
        content = b""
        for chunk in response.iter_raw():
            content += chunk
            if len(content) > LARGEST_ANSWER:
                break
            if time.monotonic() > end:
                raise httpx.ReadTimeout("the answer did not end")
        text = content[:LARGEST_ANSWER].decode(errors="replace")
        if response.is_success:
            return text
        raise _refusal(response, text, redactor)


def _refusal(response: httpx.Response, text: str, redactor: Redactor) -> NotifyFailed:
    status = response.status_code
    said = excerpt(text, redactor)
    return NotifyFailed(
        f"answered {status}{f': {said}' if said else ''}",
        retryable=status in (408, 429) or status >= 500,
        retry_after=_retry_after(response.headers.get("Retry-After", "")),
    )


def _unreachable(error: Exception, redactor: Redactor) -> NotifyFailed:
    said = excerpt(str(error), redactor) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return NotifyFailed(f"its certificate is not trusted: {said}", retryable=False)
    wrong = isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError)
    if wrong or not isinstance(error, httpx.TransportError | OSError):
        kind = type(error).__name__
        return NotifyFailed(f"its address or token cannot be used ({kind})", retryable=False)
    return NotifyFailed(f"cannot be reached: {said}", retryable=True)


def excerpt(text: str, redactor: Redactor) -> str:
    """The beginning of what a server said, as one line without secrets."""
    return printable(redactor.shorten(" ".join(text.split()), LONGEST_REASON))


def _retry_after(value: str) -> float | None:
    """Seconds from the header, which holds a number or a date; None where it holds neither."""
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None


def web_address(value: Secret, name: str) -> Secret:
    """The secret, once it is known to be a web address. Raises NotifyFailed naming its key."""
    try:
        parts = urlsplit(value.reveal())
        fit = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fit = False
    if not fit:
        raise NotifyFailed(f"the secret {name} is no https:// address", retryable=False)
    return value


def address_secrets(url: Secret) -> list[Secret]:
    """A webhook's address, and the parts of it that say enough to post there."""
    try:
        parts = urlsplit(url.reveal())
    except ValueError:
        return [url]
    pieces = {parts.path, *parts.path.split("/"), parts.query, parts.password or ""}
    return [url, *(Secret(piece) for piece in pieces if len(piece) >= _LONG_ENOUGH)]


@cache
def _log_redactor() -> Redactor:
    """Knows every address that was posted to: httpx logs them at INFO."""
    redactor = Redactor()
    for name in ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy"):
        logging.getLogger(name).addFilter(RedactingFilter(redactor))
    return redactor
