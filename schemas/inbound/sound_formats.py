"""How sound without a header is declared; loads without pydantic."""

from __future__ import annotations

HEADERLESS = (
    r"(s8|u8|s16le|s16be|s24le|s24be|s32le|s32be|f32le|f32be|alaw|ulaw|mulaw)"
    r"@([0-9]{4,6})(?:x([1-8]))?"
)
"""Samples, samples a second of each channel, channels (1 where left out): `s16le@8000x2`.
Channels are interleaved."""
