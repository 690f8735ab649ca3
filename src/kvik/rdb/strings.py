"""Writes the lengths and strings of RDB: what cursor.py reads. Never compresses."""

from typing import Final

from librt.strings import BytesWriter

from kvik.numbers import parse_integer

# Integers that are kept as such are the short ones: see rdbTryIntegerEncoding.
INTEGER_LENGTH_MAX: Final = 11
INTEGER_FORMS: Final = ((0xC0, 1), (0xC1, 2), (0xC2, 4))


def write_length(length: int, out: BytesWriter) -> None:
    if length < 1 << 6:
        out.append(length)
    elif length < 1 << 14:
        out.append(0x40 | length >> 8)
        out.append(length & 255)
    elif length < 1 << 32:
        out.append(0x80)
        out.write(length.to_bytes(4, "big"))
    else:
        out.append(0x81)
        out.write(length.to_bytes(8, "big"))


def write_string(text: bytes, out: BytesWriter) -> None:
    number = parse_integer(text) if len(text) <= INTEGER_LENGTH_MAX else None
    if number is not None:
        for form, size in INTEGER_FORMS:
            if -(1 << 8 * size - 1) <= number < 1 << 8 * size - 1:
                out.append(form)
                out.write(number.to_bytes(size, "little", signed=True))
                return
    write_length(len(text), out)
    out.write(text)
