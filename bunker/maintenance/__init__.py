"""Maintenance: a host says itself that it is being worked on, until when, and by whom.

It ends by itself. Health checks of a host in maintenance are shown, but count as no failure.
"""
