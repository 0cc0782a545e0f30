"""Text from elsewhere as something that a terminal can only show, never obey."""

import json
import re
from typing import Any

# Colours, movements of the cursor and titles, as programs write them for a terminal.
_SEQUENCE = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"
    "|(?:\x1b[\\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\\\|\x9c)"
)


def printable(text: str, keep: str = "\t") -> str:
    r"""The text with all that steers a terminal, or that no one can see, as a mark (``\x1b``).

    Escapes and other control characters of 7 and 8 bits, characters that turn the direction of
    text around or take no room, halves of characters. Those in ``keep`` stay as they are.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in keep else repr(character)[1:-1]
        for character in text
    )


def without_sequences(text: str) -> str:
    """The text of a program without its colours, which are no part of what it says.

    Whatever is left of a sequence that is not whole is for :func:`printable` to show.
    """
    return _SEQUENCE.sub("", text)


def json_text(value: Any, indent: int | None = None) -> str:
    r"""JSON that is printable as well: what is not stands in it as ``\u001b``.

    Letters of all languages stay readable.
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character == "\n" else json.dumps(character)[1:-1]
        for character in text
    )
