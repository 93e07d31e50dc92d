"""Bech32m (BIP 350), strictly as the chain reads it: one case, canonical padding."""

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
LENGTH_MAX = 1023
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32M = 0x2BC830A3
_CHECKSUM_LENGTH = 6


def encode(prefix: str, data: bytes) -> str:
    """The text of ``data`` under ``prefix``."""
    words = _to_words(data)
    state = _checksum_state(prefix, [*words, *[0] * _CHECKSUM_LENGTH]) ^ _BECH32M
    checksum = [state >> 5 * (_CHECKSUM_LENGTH - 1 - place) & 31 for place in range(_CHECKSUM_LENGTH)]
    return prefix + "1" + "".join(ALPHABET[word] for word in [*words, *checksum])


def decode(text: str) -> tuple[str, bytes]:
    """The prefix and the data of a text. Raises ValueError, which says what is wrong."""
    if len(text) > LENGTH_MAX:
        raise ValueError("too long")
    if text not in (text.lower(), text.upper()):
        raise ValueError("mixes upper and lower case")
    prefix, separator, body = text.lower().rpartition("1")
    if not separator or not prefix or len(body) < _CHECKSUM_LENGTH:
        raise ValueError("not bech32m: it needs a prefix, a 1 and a checksum")
    if not all("!" <= letter <= "~" for letter in prefix) or not all(letter in _VALUES for letter in body):
        raise ValueError("holds a character that bech32m does not have")
    words = [_VALUES[letter] for letter in body]
    if _checksum_state(prefix, words) != _BECH32M:
        raise ValueError("the checksum does not fit")
    return prefix, _from_words(words[:-_CHECKSUM_LENGTH])


def _checksum_state(prefix: str, words: list[int]) -> int:
    high, low = [ord(letter) >> 5 for letter in prefix], [ord(letter) & 31 for letter in prefix]
    state = 1
    for word in [*high, 0, *low, *words]:
        top, state = state >> 25, (state & 0x1FFFFFF) << 5 ^ word
        for bit, constant in enumerate(_GENERATOR):
            if top >> bit & 1:
                state ^= constant
    return state


def _to_words(data: bytes) -> list[int]:
    padding = -len(data) * 8 % 5
    number = int.from_bytes(data, "big") << padding
    count = (len(data) * 8 + padding) // 5
    return [number >> 5 * (count - 1 - place) & 31 for place in range(count)]


def _from_words(words: list[int]) -> bytes:
    length, padding = divmod(len(words) * 5, 8)
    number = 0
    for word in words:
        number = number << 5 | word
    if padding >= 5 or number & ((1 << padding) - 1):
        raise ValueError("the padding is not canonical")
    return (number >> padding).to_bytes(length, "big")
