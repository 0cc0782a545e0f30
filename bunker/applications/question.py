"""How an application is asked on its own host whether it is healthy. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """One GET request. ``script`` is a shell function ``front_door``.

    The function sets ``$ADDRESS`` and ``$HEADER`` from what was placed in ``$DIRECTORY``; an empty
    address: there is nothing to ask. ``subject`` is who answers, in words, ``through`` by way of
    what, ``shown`` how the request is called. A status below ``below`` is a healthy answer.
    The log of ``service`` tells more where there is none.
    """

    script: str
    subject: str
    shown: str
    through: str = ""
    below: int = 400
    service: str = ""
