"""The record of a generation, as a host keeps it: one JSON object. Pure."""

import re
from typing import Any, Final

from bunker.answers import UnreadableAnswer, line, of, record, whole

_TEXTS: Final = ("time", "run", "ref", "configuration", "migration_head")
_COMMIT: Final = re.compile(r"[0-9a-f]{0,64}")


def read_generation(text: str, what: str = "the record of its generation") -> dict[str, Any]:
    """The record with everything in it of its type; only ``number`` must be there.

    A number that stands there in quotes is a number in what is returned.

    Raises UnreadableAnswer.
    """
    found = record(text, what)
    found["number"] = whole(of(found, "number", what), f"the number in {what}")
    for key in _TEXTS:
        line(found.get(key, ""), f"{key} in {what}")
    # It is shown as part of a command to be typed.
    if not _COMMIT.fullmatch(line(found.get("commit", ""), f"commit in {what}")):
        raise UnreadableAnswer(f"the commit in {what} is none of git's")
    for key in ("from", "rollback_to"):
        if found.get(key) is not None:
            found[key] = whole(found[key], f"{key} in {what}")
    for key in ("backup", "rollback_of"):
        if found.get(key) is not None:
            line(found[key], f"{key} in {what}")
    images = found.get("images", {})
    if not isinstance(images, dict):
        raise UnreadableAnswer(f"the images in {what} are no JSON object")
    for service, image in images.items():
        line(service, f"a service in {what}")
        line(image, f"the image of a service in {what}")
    settings = found.get("set", {})
    if not isinstance(settings, dict):
        raise UnreadableAnswer(f"what is set in {what} is no JSON object")
    for path in settings:
        line(path, f"a key that is set in {what}")
    return found
