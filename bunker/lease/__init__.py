"""Leases: who changes a host right now.

A lease is held by one run, on the host itself, for as long as its controller's heart beats. It is
at most two heartbeats old, so no one has to clean up after a controller that died. Scripts of
other runs are refused by the host while it lasts.
"""
