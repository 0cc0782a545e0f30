"""Durable runs: a change of many hosts, in batches, that survives the end of its process."""
