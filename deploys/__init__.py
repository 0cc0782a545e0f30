"""What a host should be: one folder for each role, and the registry of roles."""
