"""The worker: one process per batch that speaks to pyinfra, and the client that speaks to it.

pyinfra keeps global state and patches the interpreter, so every batch runs in a process of its
own. The two sides speak JSON Lines: see :mod:`bunker.worker.events`.
"""
