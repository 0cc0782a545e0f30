"""A fleet's own repository: what `fleet.init` makes, from the files in ``files/``."""
