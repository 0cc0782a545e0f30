"""Defaults of Changemaker instances."""

application = {
    "ref": "v2",
    "directory": "/opt/changemaker-lite",
}
