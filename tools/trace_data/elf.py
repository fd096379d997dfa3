"""Symbols and initialised data of an ELF file, as far as a trace needs them."""

import bisect
import struct

SYMTAB, NOBITS = 2, 8          # types of sections
NOTYPE, FUNCTION = 0, 2        # ... and of symbols
EXECUTABLE = 4                 # flag of a section


class Elf:
    """A 64-bit little-endian executable; without symbols it has no names."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = file.read()
        if self.bytes[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{path}: no 64-bit ELF file")
        at, size, count = (struct.unpack_from("<Q", self.bytes, 40)[0],
                           *struct.unpack_from("<HH", self.bytes, 58))
        # name, type, flags, address, offset, size, link, ...
        self.sections = [struct.unpack_from("<IIQQQQII", self.bytes,
                                            at + i * size)
                         for i in range(count)]
        self.symbols = {}
        self.functions = []  # (address, size, name), sorted
        for section in self.sections:
            if section[1] == SYMTAB:
                self._read_symbols(section)
        self.functions.sort()
        self.starts = [f[0] for f in self.functions]

    def _read_symbols(self, section):
        strings = self.sections[section[6]][4]
        for name, info, _, home, value, size in struct.iter_unpack(
                "<IBBHQQ", self.bytes[section[4]:section[4] + section[5]]):
            if name == 0:
                continue
            end = self.bytes.index(b"\0", strings + name)
            text = self.bytes[strings + name:end].decode(errors="replace")
            self.symbols[text] = value
            # Labels of assembly have no type.
            if info & 15 == FUNCTION or (
                    info & 15 == NOTYPE and home < len(self.sections) and
                    self.sections[home][2] & EXECUTABLE):
                self.functions.append((value, size, text))

    def function_at(self, address):
        """Name of the function that has this address, or None."""
        i = bisect.bisect_right(self.starts, address) - 1
        if i < 0:
            return None
        start, size, name = self.functions[i]
        return name if size == 0 or address < start + size else None

    def read(self, address, size):
        """Initialised bytes at an address, or None."""
        for _, kind, _, start, offset, length, _, _ in self.sections:
            if kind != NOBITS and start and \
                    start <= address and address + size <= start + length:
                at = offset + address - start
                return self.bytes[at:at + size]
        return None

    def word(self, address):
        """The 64-bit word at an address of initialised data."""
        return struct.unpack("<Q", self.read(address, 8))[0]

    def text(self, address):
        """The string at an address of initialised data, or None."""
        if self.read(address, 1) is None:
            return None
        size = 256
        while size > 1 and self.read(address, size) is None:
            size //= 2
        return self.read(address, size).split(b"\0")[0].decode(
            errors="replace")
