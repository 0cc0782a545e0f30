#!/bin/sh
@sshd_reload@
# Whatever ports the former configuration names: none of ours, so that they are taken anew.
PORTS=
reload_sshd
