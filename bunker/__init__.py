"""The fleet library of Bunker Ops: when, where and in what order hosts are changed.

What a host should be is said in ``deploys/``; the front door is ``tasks.py``.
"""
