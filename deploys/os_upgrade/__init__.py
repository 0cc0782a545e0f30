"""The upgrade of an operating system, as runs of their own apply it; no role."""
