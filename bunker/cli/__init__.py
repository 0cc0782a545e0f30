"""The tasks behind `invoke`: one module per collection. They import lazily, `--list` stays fast."""
