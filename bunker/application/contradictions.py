"""Settings of an instance that each make sense and together have no effect. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from bunker.application.features import FEATURES_BY_NAME, resolve_features
from bunker.application.table import TABLE
from bunker.masking import Secret

if TYPE_CHECKING:
    from bunker.fleet.models import Host

TEST_MODE = "EMAIL_TEST_MODE"


def contradictions(host: Host, secrets: Mapping[str, Secret]) -> Iterator[str]:
    """A sentence for what was stored or set for a feature that is off, and for mail that is on in
    test mode. Secrets that are made for every host say nothing about what is wanted."""
    features = resolve_features(host.features, tier=host.tier)
    for variable in TABLE.values():
        key, feature = variable.key, variable.feature
        stored = variable.origin == "external" and bool(secrets.get(key))
        given = key in host.environment
        if not (stored or given) or features.get(feature, True):
            continue
        what = "is stored" if stored else "is set"
        yield (
            f"{key} {what} and has no effect: features.{feature} is off"
            f" ({FEATURES_BY_NAME[feature].meaning})"
        )
    mode = host.environment.get(TEST_MODE)
    if features["mail"] and str(mode).lower() == "true":
        yield f"features.mail is on, and with {TEST_MODE} only the test recipient gets mail"
