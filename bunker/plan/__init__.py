"""Plans: what would change on each host, shown before it happens and applied exactly."""
