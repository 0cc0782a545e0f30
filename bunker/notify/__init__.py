"""Telling people what a run did: one digest for each event, to chat, phone and mail.

The one owner of outgoing messages. Everything that other parts need is named here.
"""

from bunker.notify.digest import RunNews, digest
from bunker.notify.dispatch import Delivery, Dispatcher, open_dispatcher
from bunker.notify.message import Message, Notifier, NotifyFailed
from bunker.notify.secrets import read_secrets, store_secret
