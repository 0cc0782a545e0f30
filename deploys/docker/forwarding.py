"""Rules of others that let packets pass before ours are asked. Pure."""

import re
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Final

from bunker.errors import BunkerError

_OURS: Final = re.compile(r"(ufw6?-|DOCKER|bunker-).*")
_ENGINE_INTERFACE: Final = re.compile(r"docker0|br-[0-9a-f]{12}")
_ACCEPTS_NOTHING: Final = ("MARK", "CONNMARK", "RETURN", "DROP", "REJECT", "LOG", "NFLOG", "TCPMSS")


def foreign_accepts(rules: Sequence[str], trusted: Collection[str]) -> list[str]:
    """FORWARD rules, as `iptables -S` words them, that may accept before DOCKER-USER is asked.

    Rules of ufw, of the engine and of ours do not count, nor those of trusted interfaces.
    """
    found = []
    for rule in rules:
        words = rule.split()
        if words[:2] != ["-A", "FORWARD"]:
            continue
        target = _after(words, ("-j", "-g"))
        if target == "DOCKER-USER":
            break
        if _OURS.fullmatch(target) or _is_harmless(words, target, trusted):
            continue
        if target != "ACCEPT" and _chain_is_harmless(target, rules, trusted):
            continue
        found.append(rule)
    return found


def forwarding_problems(rules: Sequence[str], trusted: Collection[str]) -> list[BunkerError]:
    """A problem for each rule that lets packets reach containers before the firewall is asked."""
    return [
        BunkerError(
            f"the rule `iptables {rule}` accepts packets before the firewall of the containers",
            where="FORWARD",
            remedy=_remedy(rule),
        )
        for rule in foreign_accepts(rules, trusted)
    ]


def _remedy(rule: str) -> str:
    words = rule.split()
    interface = _after(words, ("-i", "-o"))
    delete = f"`sudo iptables -D {' '.join(words[1:])}`"
    if interface:
        return (
            f"If {interface} is a network that you trust, add it to `base.trusted_interfaces` in "
            f"the host's file; otherwise remove the rule where it is set, and now with {delete}"
        )
    return f"Remove the rule where it is set, and now with {delete}"


def _after(words: Sequence[str], names: Collection[str]) -> str:
    return next((b for a, b in pairwise(words) if a in names), "")


def _is_harmless(words: Sequence[str], target: str, trusted: Collection[str]) -> bool:
    if target in _ACCEPTS_NOTHING:
        return True
    interfaces = {b for a, b in pairwise(words) if a in ("-i", "-o")}
    return any(name in trusted or _ENGINE_INTERFACE.fullmatch(name) for name in interfaces if name)


def _chain_is_harmless(chain: str, rules: Sequence[str], trusted: Collection[str]) -> bool:
    """A chain of others that is about trusted interfaces alone, such as Tailscale's."""
    inside = [rule.split() for rule in rules if rule.split()[:2] == ["-A", chain]]
    named = [words for words in inside if _after(words, ("-i", "-o"))]
    if not named:
        return not any(_after(words, ("-j",)) not in _ACCEPTS_NOTHING for words in inside)
    return all(_after(words, ("-i", "-o")) in trusted for words in named)
