#!/bin/sh
# sshd refuses a file whose directory others may write or another user owns.
chown "$OWNER:" "$DIRECTORY"
chmod 0700 "$DIRECTORY"
