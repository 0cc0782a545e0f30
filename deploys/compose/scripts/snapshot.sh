#!/bin/sh
# Volumes stay as they are, whatever version runs.
dump_database() { :; }
drop_snapshots() { :; }
