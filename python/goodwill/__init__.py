"""Contracts in plain Python. The same file runs here, under pytest, and on a chain.

>>> from goodwill import Contract, Map, Address, export, view, payable, msg, chain, emit, require, COIN
"""

from goodwill.address import Address
from goodwill.context import COIN, RequireError, chain, emit, msg, require
from goodwill.contract import Contract, export, payable, view
from goodwill.map import Map

__all__ = [
    "COIN",
    "Address",
    "Contract",
    "Map",
    "RequireError",
    "chain",
    "emit",
    "export",
    "msg",
    "payable",
    "require",
    "view",
]
