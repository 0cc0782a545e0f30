#!/bin/sh
@sysctl_live@
differences=$(disagreeing)
[ -z "$differences" ]
