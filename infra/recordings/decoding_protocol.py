"""What the decoding process says: messages of a kind, a length and a body, on its stdout.

First `FACTS` of the file as JSON, then its samples (`SOUND`: 16 bits, interleaved), last `END`
with what was not decoded; or `REFUSED` or `BROKEN` with a reason, wherever that is found out.
"""

from __future__ import annotations

import struct

HEADER = struct.Struct(">cI")
"""Before each message: its kind, and the bytes of its body."""

FACTS, SOUND, END, REFUSED, BROKEN = b"F", b"S", b"E", b"R", b"B"

RATE = 16_000
"""Samples a second of each channel that is sent."""

MOST_CHANNELS = 8
SLOWEST, FASTEST = 4_000, 192_000
"""Samples a second that a recording may have: fewer hold no speech, and cost memory as 16,000."""

MOST_BYTES = 180 * RATE * 2 * MOST_CHANNELS
"""No message is longer: samples come some two minutes at a time."""

MEMORY_MIB, PROCESSOR_SECONDS = 512, 300
"""What decoding one recording may use beyond what its process has at its start: four hours of Opus
need a minute."""
