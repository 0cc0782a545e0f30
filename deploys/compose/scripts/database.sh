#!/bin/sh
# What the shared scripts ask of an application's database: this kind knows of none.
database_answers() { :; }
database_gone() { :; }
applied_migrations() { :; }
sql() { :; }
