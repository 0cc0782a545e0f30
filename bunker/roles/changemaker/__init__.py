"""The pure part of the changemaker role: what to place, and what a host's state calls for."""
