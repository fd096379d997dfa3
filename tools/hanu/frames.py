"""Frames of the run channel (a virtio console): type, 16-bit length, payload.

The guest's first frame is READY; whatever comes before it (firmware writes
its console to every serial port) is dropped, and nothing is sent before it.
"""

import struct

HEADER = struct.Struct("<cH")
READY = b"r\x04\x00hanu"
MAX_PAYLOAD = 0xFFFF
GUEST_TYPES = b"oexpvar"


class FrameError(Exception):
    """The guest sent something that is not a frame."""


class FrameReader:
    """Cuts a byte stream into (type, payload) frames."""

    def __init__(self):
        self.buffer = bytearray()
        self.ready = False

    def feed(self, data):
        """Take `data`, return the list of frames that are complete now."""
        self.buffer += data
        if not self.ready and not self._find_ready():
            return []
        frames = []
        at = 0
        while len(self.buffer) - at >= HEADER.size:
            kind, length = HEADER.unpack_from(self.buffer, at)
            if kind not in GUEST_TYPES:
                raise FrameError(f"unknown frame type {kind!r}")
            end = at + HEADER.size + length
            if len(self.buffer) < end:
                break
            frames.append((kind, bytes(self.buffer[at + HEADER.size:end])))
            at = end
        del self.buffer[:at]
        return frames

    def _find_ready(self):
        start = self.buffer.find(READY)
        if start < 0:
            del self.buffer[:max(0, len(self.buffer) - len(READY) + 1)]
            return False
        del self.buffer[:start]
        self.ready = True
        return True


def encode(kind, payload):
    """The bytes of one frame."""
    return HEADER.pack(kind, len(payload)) + payload
