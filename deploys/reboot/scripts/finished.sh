#!/bin/sh
rm -f /var/lib/bunker/reboot
