"""Whether hosts that were just changed do as well as before and as their peers: pass, fail, or
inconclusive. Metrics are sampled twice; what happened between two samples is a window; windows
are analysed. Everything here can be written as JSON, since a durable run keeps it.
"""

from bunker.canary_analysis.analysis import CanaryAnalysis, HostFigures, analyse
from bunker.canary_analysis.sample import Sample, Window, window
from bunker.canary_analysis.source import sample_hosts
