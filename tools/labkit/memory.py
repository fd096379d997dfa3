"""The memory of a machine, read from outside: frames, page tables, structures.

Nothing here asks the kernel that runs: physical memory is a file that QEMU
maps, too; addresses are translated by our own walk from CR3 or from the root
of a space; the layout of structures comes from the debug information of files
that the student may not change, and in the grader of our own build of them.
"""

import mmap
import os
import struct

from elftools.elf.elffile import ELFFile

PAGE = 4096
PRESENT, WRITE, USER, ACCESSED, DIRTY, LARGE = 1, 2, 4, 0x20, 0x40, 0x80
NO_EXECUTE = 1 << 63
ADDRESS = 0x000ffffffffff000


class BadMemory(Exception):
    """An address that leads nowhere."""


class Physical:
    """Physical memory of the machine."""

    def __init__(self, path):
        fd = os.open(path, os.O_RDWR)
        try:
            self.size = os.fstat(fd).st_size
            self.bytes = mmap.mmap(fd, self.size)
        finally:
            os.close(fd)

    def read(self, address, length):
        """Bytes at a physical address."""
        if not 0 <= address <= address + length <= self.size:
            raise BadMemory(f"physical address {address:#x}")
        return self.bytes[address:address + length]

    def write(self, address, data):
        """Change bytes at a physical address; the machine is stopped."""
        if not 0 <= address <= address + len(data) <= self.size:
            raise BadMemory(f"physical address {address:#x}")
        self.bytes[address:address + len(data)] = data

    def word(self, address):
        """64 bits at a physical address."""
        return struct.unpack("<Q", self.read(address, 8))[0]

    def close(self):
        """Let go of the file."""
        self.bytes.close()


class Entry:
    """Where a virtual address leads: the last entry of the walk."""

    def __init__(self, value, level, address):
        self.value, self.level = value, level
        self.present = bool(value & PRESENT)
        size = PAGE << 9 * level
        self.physical = (value & ADDRESS & ~(size - 1)) | address & (size - 1)
        self.frame = self.physical // PAGE

    @property
    def writable(self):
        """May the page be written?"""
        return bool(self.value & WRITE)

    @property
    def executable(self):
        """May code on the page be run?"""
        return not self.value & NO_EXECUTE

    def __repr__(self):
        if not self.present:
            return "no page"
        return (f"frame {self.frame}, " +
                ("writable" if self.writable else "read-only"))


def walk(physical, root, address):
    """The entry that maps `address` in the page tables at `root`. The rights
    are those of all levels together."""
    table, rights, no_execute = root & ADDRESS, WRITE | USER, 0
    for level in (3, 2, 1, 0):
        value = physical.word(table + 8 * (address >> 12 + 9 * level & 511))
        if not value & PRESENT:
            return Entry(value if level == 0 else 0, level, address)
        rights &= value
        no_execute |= value & NO_EXECUTE
        if level == 0 or (value & LARGE and level < 3):
            value = value & ~(WRITE | USER | NO_EXECUTE)
            return Entry(value | rights | no_execute, level, address)
        table = value & ADDRESS
    raise AssertionError("a walk has four levels")


def symbols_of(kernel):
    """{name: address} of a kernel, which a student may have made."""
    try:
        with open(kernel, "rb") as file:
            table = ELFFile(file).get_section_by_name(".symtab")
            return {s.name: s["st_value"]
                    for s in table.iter_symbols() if s.name}
    except Exception as err:  # pylint: disable=broad-except
        raise BadMemory(f"kernel.elf has no symbols: {err}") from err


class Layout:
    """The symbols of a kernel, and the types of one that is not the student's,
    as some source files see them."""

    def __init__(self, kernel, units, types):
        self.symbols = symbols_of(kernel)
        self.structs, self.variables, self.enums = {}, {}, {}
        with open(types, "rb") as file:
            missing = set(units)
            for unit in ELFFile(file).get_dwarf_info().iter_CUs():
                name = _name(unit.get_top_DIE())
                if name in missing:
                    missing.remove(name)
                    self._read(unit)
                if not missing:
                    break
            else:
                raise BadMemory(f"no debug information of {missing}")

    def _read(self, unit):
        for die in unit.get_top_DIE().iter_children():
            name = _name(die)
            if die.tag == "DW_TAG_variable" and name:
                self.variables.setdefault(name, _type(die))
            elif die.tag == "DW_TAG_structure_type" and name and \
                    "DW_AT_byte_size" in die.attributes:
                self.structs.setdefault(name, die)
            elif die.tag == "DW_TAG_enumeration_type":
                self.enums.update(
                    (_name(e), e.attributes["DW_AT_const_value"].value)
                    for e in die.iter_children())


def _name(die):
    attribute = die.attributes.get("DW_AT_name")
    return attribute.value.decode() if attribute else None


def _type(die):
    """The type of a DIE without typedef, const, volatile; None is void."""
    while "DW_AT_type" in die.attributes:
        die = die.get_DIE_from_attribute("DW_AT_type")
        if die.tag not in ("DW_TAG_typedef", "DW_TAG_const_type",
                           "DW_TAG_volatile_type"):
            return die
    return None


class Value:
    """An object of a known type at an address; .member, [index], int()."""

    def __init__(self, reader, die, address):
        self._reader, self._die, self.address = reader, die, address

    def __getattr__(self, name):
        die, address = self._die, self.address
        if die.tag == "DW_TAG_pointer_type":
            die, address = _type(die), int(self)
        if "DW_AT_declaration" in die.attributes:
            die = self._reader.layout.structs[_name(die)]
        member = self._find_member(die, name)
        if member is None:
            raise AttributeError(f"no member {name}")
        found, offset = member
        return Value(self._reader, _type(found), address + offset)

    def _find_member(self, die, name):
        for child in die.iter_children():
            if child.tag != "DW_TAG_member":
                continue
            offset = child.attributes.get("DW_AT_data_member_location")
            offset = offset.value if offset else 0
            if _name(child) == name:
                return child, offset
            if _name(child) is None:  # an anonymous struct or union
                inner = self._find_member(_type(child), name)
                if inner:
                    return inner[0], offset + inner[1]
        return None

    def __getitem__(self, index):
        if self._die.tag == "DW_TAG_array_type":
            element, base = _type(self._die), self.address
        else:
            element, base = _type(self._die), int(self)
        return Value(self._reader, element, base + index * _size(element))

    def __int__(self):
        size = _size(self._die)
        data = self._reader.read(self.address, size)
        encoding = self._die.attributes.get("DW_AT_encoding")
        signed = encoding is not None and encoding.value in (5, 6)
        return int.from_bytes(data, "little", signed=signed)

    def __bool__(self):
        return int(self) != 0

    def __eq__(self, other):
        return int(self) == int(other)

    def __hash__(self):
        return hash((self.address, id(self._die)))

    def text(self):
        """An array of char as a string."""
        data = self._reader.read(self.address, _size(self._die))
        return data.split(b"\0")[0].decode(errors="replace")


def _size(die):
    if die is None:
        return 1
    if "DW_AT_byte_size" in die.attributes:
        return die.attributes["DW_AT_byte_size"].value
    if die.tag == "DW_TAG_array_type":
        count = 1
        for child in die.iter_children():
            bound = child.attributes.get("DW_AT_upper_bound")
            count *= bound.value + 1 if bound else 0
        return count * _size(_type(die))
    return 8  # a pointer


class Kernel:
    """The kernel's own structures in the memory of a stopped machine."""

    def __init__(self, physical, layout, root):
        self.physical, self.layout, self.root = physical, layout, root

    def read(self, address, length):
        """Bytes at a virtual address of the kernel."""
        data = b""
        while length:
            entry = walk(self.physical, self.root, address)
            if not entry.present:
                raise BadMemory(f"kernel address {address:#x}")
            piece = min(length, PAGE - address % PAGE)
            data += self.physical.read(entry.physical, piece)
            address, length = address + piece, length - piece
        return data

    def write(self, address, data):
        """Change bytes of one page at a virtual address of the kernel."""
        entry = walk(self.physical, self.root, address)
        if not entry.present or address % PAGE + len(data) > PAGE:
            raise BadMemory(f"kernel address {address:#x}")
        self.physical.write(entry.physical, data)

    def variable(self, name):
        """A global variable by its name."""
        return Value(self, self.layout.variables[name],
                     self.layout.symbols[name])

    def at(self, struct_name, address):
        """The structure at an address."""
        return Value(self, self.layout.structs[struct_name], address)

    def each(self, head, struct_name, link):
        """The members of a list, by its head (struct list_node)."""
        die = self.layout.structs[struct_name]
        # pylint: disable-next=protected-access
        offset = Value(self, die, 0)._find_member(die, link)[1]
        node = int(head.next)
        for _ in range(100_000):
            if node == head.address:
                return
            yield Value(self, die, node - offset)
            node = int(Value(self, self.layout.structs["list_node"],
                             node).next)
        raise BadMemory("a list without end")
