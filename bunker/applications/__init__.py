"""The applications of a host: any number of them, by name, each of one kind.

A kind is a role (:mod:`deploys.roles`) that answers the questions of :class:`bunker.role.Port` as
well. Whoever asks about an application asks its kind, and names none of its services.
"""
