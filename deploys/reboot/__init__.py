"""The reboot of a host, as runs of their own apply it; no role."""
