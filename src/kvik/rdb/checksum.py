"""The checksum at the end of Redis' payloads: CRC-64 with the polynomial of Jones. Knows nothing of what it is over."""

from typing import Final

from librt.strings import read_i64_le
from librt.vecs import vec
from mypy_extensions import i64

# 0xAD93D23594C935A9 with its bits in reverse order, as a signed number of 64 bits.
POLYNOMIAL: Final = -0x6A536CD653B4364B
WORD_BYTES: Final = 8
BYTES: Final = 256
SHIFTED_BY_1: Final = (1 << 63) - 1
SHIFTED_BY_8: Final = (1 << 56) - 1


class Tables:
    """What a byte does to the checksum, from 0 to 7 bytes later: so eight bytes are taken in one step."""

    def __init__(self) -> None:
        entries: list[i64] = []
        for number in range(BYTES):
            entries.append(after_byte(number))
        for index in range(BYTES * (WORD_BYTES - 1)):
            before = entries[index]
            entries.append(((before >> 8) & SHIFTED_BY_8) ^ entries[before & 255])
        self.entries: Final[vec[i64]] = vec[i64](entries)


def after_byte(number: i64) -> i64:
    """Return the checksum of one byte."""
    crc = number
    for _ in range(8):
        low = crc & 1
        crc = (crc >> 1) & SHIFTED_BY_1
        if low:
            crc ^= POLYNOMIAL
    return crc


TABLES: Final = Tables()


def crc64(data: bytes, end: int) -> int:
    """Return the checksum of the first `end` bytes, from 0 to 2**64 - 1."""
    table = TABLES.entries
    size: i64 = end
    place: i64 = 0
    crc: i64 = 0
    while place + WORD_BYTES <= size:
        word = read_i64_le(data, place) ^ crc
        crc = table[1792 + (word & 255)] ^ table[1536 + ((word >> 8) & 255)]
        crc ^= table[1280 + ((word >> 16) & 255)] ^ table[1024 + ((word >> 24) & 255)]
        crc ^= table[768 + ((word >> 32) & 255)] ^ table[512 + ((word >> 40) & 255)]
        crc ^= table[256 + ((word >> 48) & 255)] ^ table[(word >> 56) & 255]
        place += WORD_BYTES
    while place < size:
        byte: i64 = data[place]
        crc = table[(crc ^ byte) & 255] ^ ((crc >> 8) & SHIFTED_BY_8)
        place += 1
    return int(crc) % (1 << 64)
