"""What the operator sees: plans, progress, recaps and tables; data on stdout, progress on stderr.

Modules named ``*_text`` are pure: they turn results into lines. ``output`` and the reporters
print.
"""
