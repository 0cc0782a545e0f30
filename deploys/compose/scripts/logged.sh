#!/bin/sh
# What a project's log means is not known: restarts and health alone count.
logged_faults() { :; }
