"""Settings of every tier."""

from hypothesis import settings

# A time limit per example measures the machine, not the code.
settings.register_profile("bunker", deadline=None)
settings.load_profile("bunker")
