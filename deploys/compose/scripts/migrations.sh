#!/bin/sh
# No code of this kind brings migrations that are known here.
migrations_in() { :; }
tell_migrations() { :; }
