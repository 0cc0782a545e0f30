"""A glance at a host file that is not read as YAML: for a shell that completes, and where the file
cannot be read. What it finds is likely, not certain. Only the standard library is loaded here."""

import re

_WORD = re.compile(r"[a-z][a-z0-9_-]*")
_COMMENT = re.compile(r"#.*")


def listed(text: str, key: str) -> set[str]:
    """The words in a list at the top of a host file: ``groups: [eu]``, or a line for each."""
    form = rf"^{key}:[ \t]*(\[[^\]]*\]|(?:\n[ \t]*-[^\n]*)+)"
    return {
        word
        for found in re.findall(form, text, re.MULTILINE)
        for word in _WORD.findall(_COMMENT.sub("", found))
    }


def keys_below(text: str, key: str) -> list[str]:
    """The keys of a mapping at the top of a host file, each on a line of its own."""
    block = re.search(
        rf"^{key}:[^\n]*\n((?:[ \t]+[^\n]*\n|[ \t]*(?:#[^\n]*)?\n)*)", f"{text}\n", re.M
    )
    rows = re.findall(r"^([ \t]+)([a-z][a-z0-9-]*):", block[1] if block else "", re.MULTILINE)
    return [name for indent, name in rows if indent == rows[0][0]]
