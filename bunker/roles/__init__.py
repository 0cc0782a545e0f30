"""What each role places on a host: pure renderers, no remote commands."""
