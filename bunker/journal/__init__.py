"""The one owner of the run database: durable runs, their events, and who is executing them.

DBOS keeps the runs: an SQLite file of the fleet's folder by default, or the Postgres database
that ``BUNKER_JOURNAL_URL`` names, which several control machines may share. Commands that only
read use :mod:`bunker.journal.reader` and never start DBOS.
"""
