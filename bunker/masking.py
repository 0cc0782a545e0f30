"""Secret values: a type that never prints itself, and one redaction for everything that prints."""

from __future__ import annotations

import base64
import json
import logging
import re
import traceback
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn
from urllib.parse import quote, unquote

from pydantic_core import core_schema

from bunker.readings import moves_for, readings

MASK = "••••"
_SHORTEST = 4
_SHORTEST_BASE64 = 8
_URL_SAFE = str.maketrans("+/", "-_")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#\s:@]*:(?P<password>[^/?#\s]*)@")


class Secret:
    """A secret value that shows as a mask wherever it is printed, formatted or dumped.

    Only :meth:`reveal` gives the value; call it at the very place that hands it to its consumer
    (an encrypted file, a rendered bundle, a process's standard input).
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value in plaintext."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __len__(self) -> int:
        return len(self._value)

    # A copy is the same unchangeable value, so that dataclasses.asdict and model_copy work.
    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a secret does not give its state away")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return core_schema.no_info_plain_validator_function(
            lambda value: value if isinstance(value, cls) else cls(str(value)),
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda _value: MASK),
        )


class Redactor:
    """Replaces known secret values in text. Redact first, shorten afterwards.

    Knows a value as it stands, line by line, the password of one that is an address, and all of
    these in hexadecimal and base64, also where base64 has other text before it (``user:value``).
    Finds them as well where the text wrote them for another language: escaped for JSON, URLs,
    HTML, shells, SQL, Compose or YAML, one in the other, folded, or strewn with escape sequences
    (:mod:`bunker.readings`). Values shorter than four characters are left alone: masking them
    would garble ordinary text.
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        # By their first four characters, longest first: a fleet's secrets are tens of thousands
        # of forms, which one regular expression would try one after the other at every place.
        self._by_start: dict[str, list[str]] = {}
        self._characters: set[str] = set()
        self._moves = moves_for("")
        self.add(secrets)

    def add(self, secrets: Iterable[Secret]) -> None:
        """Learn more secret values; each line of a multi-line value is learned as well."""
        for secret in secrets:
            self._characters.update(secret.reveal())
            for form in _forms(secret.reveal()):
                known = self._by_start.setdefault(form[:_SHORTEST], [])
                if form not in known:
                    known.append(form)
                    known.sort(key=len, reverse=True)
        self._moves = moves_for("".join(self._characters))

    def __call__(self, text: str) -> str:
        if not self._by_start:
            return text
        pieces = []
        copied = 0
        for start, end in self._places(text):
            pieces += [text[copied:start], MASK]
            copied = end
        return "".join([*pieces, text[copied:]])

    def data(self, value: Any, *, names: bool = True) -> Any:
        """Plain data (what JSON can hold) with every text in it redacted.

        ``names`` False keeps the names of mappings, where they are the program's own words.
        """
        if isinstance(value, str):
            return self(value)
        if isinstance(value, bool | int | float | Secret) or value is None:
            return value
        if isinstance(value, dict):
            return {
                self(str(key)) if names else key: self.data(item, names=names)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self.data(item, names=names) for item in value]
        return self(str(value))

    def shorten(self, text: str, limit: int) -> str:
        """Redact, then keep at most ``limit`` characters; a half of a secret cannot remain."""
        clean = self(text)
        return clean if len(clean) <= limit else clean[: max(limit - 1, 0)] + "…"

    def exception(self, error: BaseException) -> str:
        """The traceback of an exception and its causes, without secrets and without locals."""
        return self("".join(traceback.format_exception(error)).rstrip())

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        """Places of secrets; those that overlap come as one, so that no half is left over."""
        found = sorted(
            reading.place(start, end)
            for reading in readings(text, self._moves)
            for start, end in self._found(reading.text)
        )
        begin = end = -1
        for start, stop in found:
            if start >= end:
                if end > 0:
                    yield begin, end
                begin = start
            end = max(end, stop)
        if end > 0:
            yield begin, end

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        by_start, size = self._by_start, _SHORTEST
        likely = [
            start for start in range(len(text) - size + 1) if text[start : start + size] in by_start
        ]
        for start in likely:
            forms = by_start[text[start : start + size]]
            length = next((len(form) for form in forms if text.startswith(form, start)), 0)
            if length:
                yield start, start + length


class RedactingFilter(logging.Filter):
    """Takes secrets out of everything that a log record carries.

    Put it on handlers: a logger's own filter does not see the records of its children.
    """

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true: the record goes on, without secrets."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):
            # Left alone, logging would print the arguments as they are to standard error.
            message = f"{record.msg} (its arguments do not fit)"
        record.msg, record.args = self._redactor(message), None
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = self._redactor.exception(record.exc_info[1])
        elif record.exc_text:
            record.exc_text = self._redactor(record.exc_text)
        record.exc_info = None
        if record.stack_info:
            record.stack_info = self._redactor(record.stack_info)
        # What was given as `extra`, which structured formatters print.
        for name, value in list(record.__dict__.items()):
            if name not in _PLAIN_RECORD and name not in {"msg", "exc_text", "stack_info"}:
                record.__dict__[name] = self._redactor.data(value)
        return True


_PLAIN_RECORD = frozenset(logging.makeLogRecord({}).__dict__)


def _forms(value: str) -> set[str]:
    """The ways in which a value is written down that no escape leads back to."""
    # The lines that only frame a private key are no secret and appear in ordinary text.
    parts = {value, *(line for line in value.splitlines() if not line.startswith("-----"))}
    if address := _ADDRESS.match(value):
        parts |= {address["password"], unquote(address["password"])}
    forms: set[str] = set()
    for part in parts:
        if len(part.strip()) < _SHORTEST:
            continue
        raw = part.encode(errors="surrogatepass")
        forms |= {part, raw.hex(), raw.hex().upper()}
        # Some encoders leave alone what looks escaped already: URLs of browsers and Node do.
        forms.update(reading.text for reading in readings(part, moves_for(part)))
        # What is packed into base64 may have been written as JSON or for a URL before.
        packed = {raw, quote(raw, safe="").encode()}
        quoted = [json.dumps(part, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)]
        packed.update(text.encode(errors="surrogatepass") for text in quoted)
        packed.add(part.encode("utf-16-le", errors="surrogatepass"))
        forms.update(*map(_base64_forms, packed))
    return {form for form in forms if len(form.strip()) >= _SHORTEST}


def _base64_forms(raw: bytes) -> set[str]:
    whole = base64.b64encode(raw).decode()
    forms = {whole, whole.rstrip("=")}
    # Base64 works in groups of three bytes, so text before the value gives three spellings; the
    # characters at the edges also depend on the neighbours and are left out.
    for shift in range(3):
        padded = b"\0" * shift + raw
        first = -(-shift * 8 // 6)
        last = len(padded) * 8 // 6
        forms.add(base64.b64encode(padded).decode()[first:last])
    forms |= {form.translate(_URL_SAFE) for form in forms}
    return {form for form in forms if len(form) >= _SHORTEST_BASE64}
