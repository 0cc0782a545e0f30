#!/bin/sh
@sysctl_live@
disagreeing | while read -r path value; do
  echo "$value" > "$path"
done
