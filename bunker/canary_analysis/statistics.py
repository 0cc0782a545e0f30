"""How sure a few counts make us.

Wilson's score interval holds for few events and for ratios near 0, where the textbook interval
does not (Wilson 1927; Agresti and Coull, "Approximate is better than 'exact'", 1998; recommended
by Brown, Cai and DasGupta, "Interval estimation for a binomial proportion", 2001).
"""

import math
from typing import Final

Z: Final = 1.645
"""One-sided 95 %: the true ratio is below the lower bound in one case of twenty."""


def wilson(events: float, total: float, z: float = Z) -> tuple[float, float]:
    """Between which ratios the true one lies, when ``events`` of ``total`` were seen.

    (0, 1) where nothing was seen at all.
    """
    if total <= 0:
        return 0.0, 1.0
    ratio = min(1.0, events / total)
    square = z * z
    centre = ratio + square / (2 * total)
    spread = z * math.sqrt(ratio * (1 - ratio) / total + square / (4 * total * total))
    scale = 1 + square / total
    low = 0.0 if events <= 0 else max(0.0, (centre - spread) / scale)
    high = 1.0 if events >= total else min(1.0, (centre + spread) / scale)
    return low, high
