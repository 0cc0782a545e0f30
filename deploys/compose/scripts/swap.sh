#!/bin/sh
# Compose itself replaces what changed.
