#!/bin/sh
rm -f /var/lib/bunker/os-upgrade
