"""Secrets of a fleet: one encrypted file per host, opened in memory only.

The one owner of sops. Everything that other parts need is named here.
"""

from bunker.secrets.catalog import SecretSpec
from bunker.secrets.checking import CheckReport, check
from bunker.secrets.editing import EditReport, edit
from bunker.secrets.files import vault_path
from bunker.secrets.fleet import RekeyReport, decrypt_hosts, rekey
from bunker.secrets.initialise import InitReport, init
from bunker.secrets.kept import KeptVersion, kept_versions, restore
from bunker.secrets.memory_text import sweep
from bunker.secrets.operator_key import create as new_key
from bunker.secrets.operator_key import default_path as default_key_path
from bunker.secrets.operator_key import fingerprint
from bunker.secrets.operator_key import mac_key as operator_mac_key
from bunker.secrets.recipients import Reader, add_reader, readers, remove_reader
from bunker.secrets.vault import (
    add_missing_secrets,
    change_secrets,
    create_host_secrets,
    read_host_secrets,
    set_secret,
    show,
)
