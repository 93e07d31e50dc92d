"""Lets the tests import the contracts beside them: ``from contracts.token.token import Token``."""
