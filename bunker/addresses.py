"""The types of addresses in a fleet's files: of hosts, networks, registries, pages and mail."""

import ipaddress
import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator

from bunker.disclosure import Disclosed, holds_secret
from bunker.values import number

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE | re.ASCII)


def _domain(value: str) -> str:
    if not value.isascii():
        raise ValueError(_in_ascii(value))
    labels = value.split(".")
    good = len(value) <= 253 and len(labels) >= 2 and all(map(LABEL.fullmatch, labels))
    if not good or labels[-1].isdigit():
        raise ValueError("expected a domain name such as north.example.org")
    return value.lower()


def _in_ascii(value: str) -> str:
    """What to write instead of a name with other letters.

    A letter that only looks like another one has no form of its own: to put the other one in its
    place would accept a name that was not written.
    """
    for letter in value:
        same = unicodedata.normalize("NFKC", letter) == letter
        accent = unicodedata.category(letter).startswith("M")
        if not letter.isascii() and not (same and (letter.isalnum() or accent)):
            name = unicodedata.name(letter, "it has no name")
            return f"expected a domain name in ASCII, without {letter!a} ({name})"
    labels = [
        label if label.isascii() else "xn--" + label.lower().encode("punycode").decode()
        for label in unicodedata.normalize("NFC", value).split(".")
    ]
    return f"expected a domain name in ASCII, such as {'.'.join(labels)}"


def _ip_address(value: str) -> str:
    # Python's own check lets anything through behind the % of an IPv6 zone, line breaks included.
    if "%" in value:
        raise ValueError
    return str(ipaddress.ip_address(value))


def _address(value: str) -> str:
    try:
        return _ip_address(value)
    except ValueError:
        pass
    try:
        return _domain(value)
    except ValueError:
        if not value.isascii():
            raise
        raise ValueError("expected an IP address or a full host name") from None


def _network(value: str) -> str:
    try:
        if "%" in value or not value.isascii():
            raise ValueError
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise ValueError("expected an address or a network such as 203.0.113.0/24") from None
    return value


def _source(value: str) -> str:
    return value if value == "any" else _network(value)


def _registry(value: str) -> str:
    name, colon, port = value.rpartition(":")
    try:
        if colon and port.isascii() and port.isdigit() and 0 < int(port[:6]) <= 65535:
            return f"{_address(name)}:{port}"
        return value if "/" in value and _network(value) else _address(value)
    except ValueError:
        expected = "expected a registry such as registry.example.org:5000, or a network"
        raise ValueError(expected) from None


def _http_page(value: str) -> str:
    if holds_secret(value):
        raise Disclosed
    if not re.fullmatch(r"https?://[A-Za-z0-9.\[\]:-]+(/[A-Za-z0-9._~/-]*)?", value, re.ASCII):
        raise ValueError("expected https://HOST or https://HOST/PATH, without user, ? and #")
    return value


def _http_address(value: str) -> str:
    return _http_page(value).rstrip("/")


def _mail_address(value: str) -> str:
    form = (
        r"[^@\s<>,;:\"()\[\]\\-][^@\s<>,;:\"()\[\]\\]*@[^@\s<>,;:\"()\[\]\\-][^@\s<>,;:\"()\[\]\\]*"
    )
    if not (re.fullmatch(form, value) and value.isascii() and value.isprintable()):
        raise ValueError("expected a plain address such as ops@example.org")
    return value


Domain = Annotated[str, AfterValidator(_domain)]
Address = Annotated[str, AfterValidator(_address)]
Network = Annotated[str, AfterValidator(_network)]
Source = Annotated[str, AfterValidator(_source)]
Registry = Annotated[str, AfterValidator(_registry)]
HttpPage = Annotated[str, AfterValidator(_http_page)]
HttpAddress = Annotated[str, AfterValidator(_http_address)]
MailAddress = Annotated[str, AfterValidator(_mail_address)]
Port = Annotated[int, *number(1, 65535)]
