"""Kinds and expressions as text, taken apart."""

from __future__ import annotations


def atom(text: str) -> str:
    """The expression, in parentheses if an operator beside it could take it apart."""
    return text if is_atom(text) else f"({text})"


def is_atom(text: str) -> bool:
    """Whether nothing but names, calls and brackets stands at the top of an expression."""
    level, quote, escaped = 0, "", False
    for letter in text:
        if quote:
            escaped, quote = letter == "\\" and not escaped, "" if letter == quote and not escaped else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "([{":
            level += 1
        elif letter in ")]}":
            level -= 1
        elif not level and not (letter.isalnum() or letter in "_."):
            return False
    return True


def element_of(kind: str) -> str:
    """What a list, set, or tuple of any length holds."""
    inner = kind.partition("[")[2][:-1]
    return inner.removesuffix(", ...")


def items_of(kind: str) -> list[str]:
    """The kinds between the brackets, taken apart at the outer commas."""
    items, level, start, inner = [], 0, 0, kind.partition("[")[2][:-1]
    for place, letter in enumerate(inner):
        level += (letter == "[") - (letter == "]")
        if letter == "," and not level:
            items.append(inner[start:place].strip())
            start = place + 1
    return [*items, inner[start:].strip()]
