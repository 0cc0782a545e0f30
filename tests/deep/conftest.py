"""The deep tier uses the lab tier's fleet."""

from tests.lab.conftest import deployed, fleet, lab_root, north, small_project, wiki

__all__ = ["deployed", "fleet", "lab_root", "north", "small_project", "wiki"]
