"""Builds the house: the only file that knows every room."""

import os
from random import Random

from kvik.clock import Clock
from kvik.commands import BUILT_IN
from kvik.commands.family import CommandTable
from kvik.engine import Engine
from kvik.journal.journal import Journal
from kvik.services import House
from kvik.settings import Settings


def build_engine(settings: Settings, house: House | None = None) -> Engine:
    """Return an engine with all built-in commands, in memory."""
    table = CommandTable(BUILT_IN)
    random = Random(os.urandom(16))
    return Engine(table, Clock(), random, Journal(), settings, house or House())
