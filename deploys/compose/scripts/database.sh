#!/bin/sh
# What the shared scripts ask of an application's database: this kind knows of none.
database_answers() { :; }
applied_migrations() { :; }
failed_migrations() { :; }
tell_failed_migrations() { :; }
