"""The codecs by which senders and brokers compress batches, as the workers' client reads them."""

from __future__ import annotations

NAMES = ("gzip", "snappy", "lz4", "zstd")


def read_back() -> dict[str, bool]:
    """Whether a text packed by each codec is read back.

    Raises:
        Exception: a codec's package is missing or broken.
    """
    from aiokafka import codec

    read = {}
    for name in NAMES:
        pack, unpack = getattr(codec, f"{name}_encode"), getattr(codec, f"{name}_decode")
        read[name] = unpack(pack(name.encode())) == name.encode()
    return read
