"""The sample application's API: small, on Postgres and Redis."""
