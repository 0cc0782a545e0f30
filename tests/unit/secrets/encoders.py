"""How the languages of the stack write a value down: their own encoders, or their rules anew.

Every function gives the value alone, without the quotes that would stand around it.
"""

from __future__ import annotations

import base64
import csv
import html
import io
import json
import quopri
import re
import shlex
from collections.abc import Callable
from html.entities import codepoint2name, html5
from urllib.parse import quote, quote_plus

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, SingleQuotedScalarString

from bunker.application.dotenv import quote_value

Encoder = Callable[[str], str]


def lower(encoded: str) -> str:
    return re.sub("%..", lambda match: match[0].lower(), encoded)


def go_json(value: str) -> str:
    """encoding/json, which also keeps a text safe for HTML."""
    text = json.dumps(value, ensure_ascii=False)[1:-1]
    unsafe = "[<>&\u2028\u2029]"
    return re.sub(unsafe, lambda match: f"\\u{ord(match[0]):04x}", text)


def javascript_string(value: str) -> str:
    """A string literal in single quotes, as util.inspect prints it."""
    text = value.replace("\\", "\\\\").replace("'", "\\'")
    return re.sub("[\x00-\x1f\x7f-\x9f]", lambda match: f"\\x{ord(match[0]):02X}", text)


def javascript_escape(value: str) -> str:
    """The old escape(): %uXXXX above 255."""

    def written(unit: int) -> str:
        if chr(unit).isascii() and re.match("[A-Za-z0-9@*_+./-]", chr(unit)):
            return chr(unit)
        return f"%{unit:02X}" if unit < 256 else f"%u{unit:04X}"

    raw = value.encode("utf-16-be")
    return "".join(written(int.from_bytes(raw[n : n + 2], "big")) for n in range(0, len(raw), 2))


def code_points(value: str) -> str:
    """JavaScript's and Rust's form of every character."""
    return "".join(f"\\u{{{ord(character):x}}}" for character in value)


def named_entities(value: str) -> str:
    by_character = {chr(number): name for number, name in codepoint2name.items()}
    by_character |= {text: name.rstrip(";") for name, text in html5.items() if len(text) == 1}
    return "".join(f"&{by_character[c]};" if c in by_character else c for c in value)


def bash_ansi(value: str) -> str:
    r"""What stands in $'…' as printf %q writes it: bytes beyond ASCII in octal."""
    plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+, "
    return "".join(
        "".join(f"\\{byte:03o}" for byte in c.encode()) if c not in plain and c not in "'\\" else
        f"\\{c}" if c in "'\\" else c
        for c in value
    )  # fmt: skip


def dash_quoted(value: str) -> str:
    """`export -p` of dash: runs of single quotes stand in double quotes."""
    return re.sub("'+", lambda match: f"""'"{match[0]}"'""", value)


def backslashes(value: str) -> str:
    """A shell word, a pgpass field, Markdown: everything unusual behind a backslash."""
    return re.sub(r"([^A-Za-z0-9])", r"\\\1", value)


def sql_escape_string(value: str) -> str:
    """PostgreSQL's E'…'."""
    return value.replace("\\", "\\\\").replace("'", "''")


def compose_environment(value: str) -> str:
    """`docker compose config`: dollars doubled, then YAML."""
    return yaml_double_quoted(value.replace("$", "$$"))


def yaml_double_quoted(value: str) -> str:
    return yaml_scalar(DoubleQuotedScalarString(value))


def yaml_single_quoted(value: str) -> str:
    return yaml_scalar(SingleQuotedScalarString(value))


def yaml_scalar(value: str) -> str:
    stream = io.StringIO()
    emitter = YAML()
    emitter.width = 10_000
    emitter.dump({"k": value}, stream)
    return stream.getvalue().removeprefix("k: ").rstrip("\n")[1:-1]


def csv_field(value: str) -> str:
    stream = io.StringIO()
    csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="").writerow([value])
    return stream.getvalue()[1:-1]


def unquoted(text: str) -> str:
    """Without the one kind of quotes around it."""
    return text[1:-1] if text[:1] in "'\"" and text[-1:] == text[:1] and len(text) > 1 else text


ENCODERS: dict[str, Encoder] = {
    "plain": str,
    "encodeURIComponent": lambda v: quote(v, safe="!'()*-._~"),
    "encodeURI": lambda v: quote(v, safe=";/?:@&=+$,#!'()*-._~"),
    "url.QueryEscape": lambda v: quote_plus(v, safe="-_.~"),
    "url.PathEscape": lambda v: quote(v, safe="-_.~$&+:=@"),
    "quote": quote,
    "quote without safe": lambda v: quote(v, safe=""),
    "quote_plus": quote_plus,
    "percent in lower case": lambda v: lower(quote(v, safe="")),
    "percent for everything": lambda v: "".join(f"%{byte:02X}" for byte in v.encode()),
    "percent twice": lambda v: quote(quote(v, safe=""), safe=""),
    "escape": javascript_escape,
    "json of Python": lambda v: json.dumps(v)[1:-1],
    "JSON.stringify": lambda v: json.dumps(v, ensure_ascii=False)[1:-1],
    "json of Go": go_json,
    "json of PHP": lambda v: json.dumps(v)[1:-1].replace("/", "\\/"),
    "json in json": lambda v: json.dumps(json.dumps(v))[3:-3],
    "repr": lambda v: repr(v)[1:-1],
    "ascii": lambda v: ascii(v)[1:-1],
    "bytes of Python": lambda v: repr(v.encode())[2:-1],
    "string of JavaScript": javascript_string,
    "code points": code_points,
    "html.escape": html.escape,
    "html by name": named_entities,
    "html in decimals": lambda v: "".join(f"&#{ord(c)};" for c in v),
    "html in hexadecimal": lambda v: "".join(f"&#x{ord(c):X};" for c in v),
    "shlex.quote": lambda v: unquoted(shlex.quote(v)),
    "shell, quote by quote": lambda v: v.replace("'", "'\\''"),
    "shell, dash": dash_quoted,
    "shell, backslashes": backslashes,
    "shell, $'…'": bash_ansi,
    "sql": lambda v: v.replace("'", "''"),
    "sql E'…'": sql_escape_string,
    "sql identifier": lambda v: v.replace('"', '""'),
    ".env": lambda v: unquoted(quote_value(v, key="KEY")),
    "Compose": lambda v: v.replace("$", "$$"),
    "docker compose config": compose_environment,
    "systemd": lambda v: v.replace("%", "%%"),
    "yaml in double quotes": yaml_double_quoted,
    "yaml in single quotes": yaml_single_quoted,
    "csv": csv_field,
    "mail": lambda v: quopri.encodestring(v.encode(), quotetabs=True).decode().replace("=\n", ""),
    "hexadecimal": lambda v: v.encode().hex(),
    "HEXADECIMAL": lambda v: v.encode().hex().upper(),
    "base64": lambda v: base64.b64encode(v.encode()).decode(),
    "base64 for URLs": lambda v: base64.urlsafe_b64encode(v.encode()).decode().rstrip("="),
    "base64 of UTF-16": lambda v: base64.b64encode(v.encode("utf-16-le")).decode(),
    "colours in between": "\x1b[0m".join,
    "invisible characters": "\u200b".join,
}
