"""Workflows: when, where and in what order roles are applied, and what is read across a fleet."""
