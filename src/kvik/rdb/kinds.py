"""The numbers that Redis gives the forms of values, and the version of RDB that is written and read."""

from typing import Final

STRING: Final = 0
LIST: Final = 1
SET: Final = 2
ZSET_OF_TEXTS: Final = 3
HASH: Final = 4
ZSET: Final = 5
HASH_ZIPMAP: Final = 9
LIST_ZIPLIST: Final = 10
SET_INTSET: Final = 11
ZSET_ZIPLIST: Final = 12
HASH_ZIPLIST: Final = 13
LIST_OF_ZIPLISTS: Final = 14
STREAM: Final = 15
HASH_LISTPACK: Final = 16
ZSET_LISTPACK: Final = 17
LIST_OF_LISTPACKS: Final = 18
STREAM_2: Final = 19
SET_LISTPACK: Final = 20
STREAM_3: Final = 21
HASH_DYING: Final = 24
HASH_LISTPACK_DYING: Final = 25
"""The two of hashes whose fields have deadlines."""

VERSION: Final = 10
"""Redis 7.0's: what is written is read by every Redis from there on."""

VERSION_OF_DYING: Final = 12
"""Redis 7.4's, where hashes have fields that die."""

VERSION_MAX: Final = 12
"""Redis 7.4's and 8's: their forms of plain values are the same, or are known here too."""

FOOTER_BYTES: Final = 10
"""Two for the version, eight for the checksum."""

PLAIN_NODE: Final = 1
PACKED_NODE: Final = 2
"""What a node of a list holds: one value, or a listpack of them."""
