"""The types that environment values may have, and how a value is checked against one."""

import re
from enum import Enum
from urllib.parse import urlsplit

_DOMAIN_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_DOMAIN = re.compile(rf"{_DOMAIN_LABEL}(?:\.{_DOMAIN_LABEL})+")
_HOST_NAME = re.compile(rf"{_DOMAIN_LABEL}(?:\.{_DOMAIN_LABEL})*")
_EMAIL = re.compile(rf"[A-Za-z0-9._%+-]+@{_DOMAIN.pattern}")
_INTEGER = re.compile(r"0|[1-9][0-9]{0,17}")
_DURATION = re.compile(r"[1-9][0-9]*(?:ms|[smhdwy])")
_SIZE = re.compile(r"[1-9][0-9]*(?:[kmg]b)", re.IGNORECASE | re.ASCII)
_PATH = re.compile(r"\.{0,2}/[^\0]*")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_HEX_32_BYTES = re.compile(r"[0-9a-fA-F]{64}")


class ValueType(Enum):
    """What a value must look like; the value of a member is its name in documentation."""

    TEXT = "text"
    IDENTIFIER = "identifier"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    PORT = "port"
    HOST_PORT = "port on the host"
    URL = "url"
    ORIGINS = "list of urls"
    EMAIL = "email"
    DOMAIN = "domain"
    HOST_NAME = "host name"
    DURATION = "duration"
    SIZE = "size"
    PATH = "path"
    NODE_ENVIRONMENT = "production, development or test"
    LOG_LEVEL = "log level"
    HEX_32_BYTES = "64 hexadecimal digits"


LOG_LEVELS = ("fatal", "error", "warn", "info", "debug", "trace")
NODE_ENVIRONMENTS = ("production", "development", "test")

EXPECTED: dict[ValueType, str] = {
    ValueType.TEXT: "one line of printable text",
    ValueType.IDENTIFIER: "letters, digits, _ and -, not starting with a digit",
    ValueType.INTEGER: "a whole number, such as 50",
    ValueType.BOOLEAN: "true or false",
    ValueType.PORT: "a port between 1 and 65535",
    ValueType.HOST_PORT: "a port between 1 and 65535",
    ValueType.URL: "an address such as https://api.north.example.org",
    ValueType.ORIGINS: "addresses separated by commas, such as https://app.north.example.org",
    ValueType.EMAIL: "a mail address such as admin@north.example.org",
    ValueType.DOMAIN: "a domain name such as north.example.org",
    ValueType.HOST_NAME: "the name or address of a host, such as smtp.example.org",
    ValueType.DURATION: "a number with a unit (ms, s, m, h, d, w, y), such as 15m",
    ValueType.SIZE: "a number with kb, mb or gb, such as 10mb",
    ValueType.PATH: "a path that starts with /, ./ or ../",
    ValueType.NODE_ENVIRONMENT: " or ".join(NODE_ENVIRONMENTS),
    ValueType.LOG_LEVEL: ", ".join(LOG_LEVELS),
    ValueType.HEX_32_BYTES: "64 hexadecimal digits (32 bytes)",
}

_PATTERNS = {
    ValueType.IDENTIFIER: _IDENTIFIER,
    ValueType.INTEGER: _INTEGER,
    ValueType.EMAIL: _EMAIL,
    ValueType.DOMAIN: _DOMAIN,
    ValueType.HOST_NAME: _HOST_NAME,
    ValueType.DURATION: _DURATION,
    ValueType.SIZE: _SIZE,
    ValueType.PATH: _PATH,
    ValueType.HEX_32_BYTES: _HEX_32_BYTES,
}

_CHOICES = {
    ValueType.BOOLEAN: ("true", "false"),
    ValueType.LOG_LEVEL: LOG_LEVELS,
    ValueType.NODE_ENVIRONMENT: NODE_ENVIRONMENTS,
}


def is_valid(kind: ValueType, value: str) -> bool:
    """Whether a value that is not empty fits its type.

    Control characters (line breaks among them) never do: a dotenv file is read line by line by
    more programs than Compose.
    """
    if not value.isprintable():
        return False
    if kind in _CHOICES:
        return value in _CHOICES[kind]
    if kind in (ValueType.PORT, ValueType.HOST_PORT):
        return bool(_INTEGER.fullmatch(value)) and 1 <= int(value) <= 65535
    if kind is ValueType.URL:
        return _is_url(value)
    if kind is ValueType.ORIGINS:
        return all(_is_url(part) for part in value.split(","))
    pattern = _PATTERNS.get(kind)
    return pattern is None or bool(pattern.fullmatch(value))


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        port_is_number = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return bool(
        port_is_number and parts.scheme and parts.hostname and value == value.strip()
    ) and not re.search(r"\s", value)
