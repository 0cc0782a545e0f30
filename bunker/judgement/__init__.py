"""Whether hosts that were just changed do as well as before and as their peers: pass, fail, or
inconclusive. Metrics are sampled twice; what happened between two samples is a window; windows
are judged. Everything here can be written as JSON, since a durable run keeps it.
"""

from bunker.judgement.judge import HostFigures, Judgement, Limits, judge
from bunker.judgement.sample import Sample, Window, window
from bunker.judgement.source import InstanceMetrics, MetricSource

__all__ = [
    "HostFigures",
    "InstanceMetrics",
    "Judgement",
    "Limits",
    "MetricSource",
    "Sample",
    "Window",
    "judge",
    "window",
]
