"""Rows of bytes that user/puppet and the host make alike."""

MASK = (1 << 64) - 1


def row(seed, length):
    """What `fill ADDR LENGTH SEED` writes (xorshift64*)."""
    state, out = seed, bytearray()
    for _ in range(length):
        state ^= state >> 12
        state ^= state << 25 & MASK
        state ^= state >> 27
        out.append((state * 0x2545f4914f6cdd1d & MASK) >> 56)
    return bytes(out)


def fnv(data):
    """What `sum ADDR LENGTH` answers (FNV-1a, 64 bits)."""
    value = 0xcbf29ce484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001b3 & MASK
    return value
