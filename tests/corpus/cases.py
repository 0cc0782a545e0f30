"""Every case of the corpus."""

from __future__ import annotations

from tests.corpus import generated
from tests.corpus.case import Case, by_hand


def every_case() -> list[Case]:
    """Those of the generator, then those by hand."""
    return [*generated.cases(), *by_hand()]
