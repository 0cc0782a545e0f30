#!/bin/sh
@sshd_reload@
PORTS=$(sshd -T | sed -n 's/^port //p')
reload_sshd
