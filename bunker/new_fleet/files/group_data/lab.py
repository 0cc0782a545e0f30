"""Defaults of the lab's hosts: the group that pyinfra names after the inventory file."""

# Made by `invoke lab.up`; a path from the repository's root.
ssh_key = ".lab/lab/id_ed25519"
