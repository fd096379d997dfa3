"""pagecache, pipe and shm: memory that several processes use on purpose.

Idea:   a struct mapping is a radix tree from page numbers to frames, or swap
        entries; a pipe is a ring of pages. Who uses them is found in the
        regions and descriptors of all processes.
Next:   kernel/vm/mapping.c, kernel/ipc/pipe.c, kernel/ipc/sysv_shm.c.
"""

import subprocess

import gdb

from . import base, names, printers, show
from .base import Command, Trouble, command, constant, number
from .ipc import sysv_objects
from .pages import Bits, Frames, Spaces, pointer_argument, print_notes, \
    ranges, regions, swap_slot
from .paging import times
from .sleeping import open_files

MOST_NODES = 20000      # of a radix tree
MOST_FILES = 20000
FILES_SHOWN = 40
BYTES_SHOWN = 64


# ---- mappings -------------------------------------------------------------

class Pages:
    """The pages of a struct mapping."""

    def __init__(self, mapping):
        self.mapping, self.frames, self.bits = mapping, Frames(), Bits()
        self.node = base.type_named("struct page_node")
        self.shift = constant("NODE_BITS")
        self.count = 0

    def all(self):
        """(index, frame number or None, swap entry or None), in order."""
        height = number(self.mapping["height"])
        if height > 64 // self.shift + 1:
            raise Trouble(f"a radix tree of height {height} makes no sense")
        if height and number(self.mapping["root"]):
            yield from self._below(number(self.mapping["root"]), height, 0)

    def _below(self, node, level, first):
        self.count += 1
        if self.count > MOST_NODES:
            raise Trouble(f"the tree has more than {MOST_NODES} nodes")
        base.check_pointer(node, "a node of the radix tree")
        slots = 1 << self.shift
        data = base.read_bytes(node + base.offset_of(self.node, "slots"),
                               8 * slots)
        for i in range(slots):
            slot = int.from_bytes(data[8 * i:8 * i + 8], "little")
            index = first + (i << (level - 1) * self.shift)
            if slot and level > 1:
                yield from self._below(slot, level - 1, index)
            elif slot & 1:
                yield index, None, slot >> 1
            elif slot:
                yield index, self._pfn(slot, index), None

    def _pfn(self, slot, index):
        pfn = self.frames.number_at(slot)
        if pfn is None or self.frames.get(pfn) is None:
            raise Trouble(f"page {index:#x} leads to {slot:#x}, which is no "
                          "struct frame")
        return pfn

    def said(self, index, pfn, entry):
        """What is the same for the pages of one line of the answer."""
        if pfn is None:
            return "swapped out", swap_slot(entry, self.bits).split(" (")[0]
        frame = self.frames.get(pfn)
        flags = base.flag_names(frame["flags"], "FRAME_F_PINNED", "FRAME_F_",
                                none="").replace("_", "-")
        if self.frames.kind(frame) != "mapping" or \
                frame["owner"] != number(self.mapping.address) or \
                frame["index"] != index:
            flags += " BROKEN: the frame says that it is not of this mapping"
        return f"mapped {times(self.frames.mappers(frame))}", flags

    def rows(self):
        """Runs of pages of which the same is to be said."""
        runs = []
        for index, pfn, entry in self.all():
            said = self.said(index, pfn, entry)
            if runs and runs[-1][0][-1] + 1 == index and runs[-1][2] == said:
                runs[-1][0].append(index)
                runs[-1][1].append(pfn)
            else:
                runs.append(([index], [pfn], said))
        return [[ranges(indices), ranges(p for p in pfns if p is not None),
                 *said] for indices, pfns, said in runs]

    def show(self):
        """The table."""
        try:
            show.table(["PAGES", "FRAMES", "USE", "STATE"], self.rows())
        except Trouble as trouble:
            print(f"BROKEN: {trouble}")


def mapped_by(mapping, spaces):
    """A line for each region that maps it."""
    for region in base.list_of(mapping["regions"], "struct region",
                               "mapping_link", "list of regions"):
        name = spaces.name(region["space"].dereference())
        print(f"  mapped by {name} at {number(region['start']):#x}-"
              f"{number(region['end']):#x} {names.region_rights(region)} "
              f"from page {number(region['first_index'])} on")


def show_mapping(mapping):
    """All of a struct mapping."""
    size = number(mapping["size"])
    print(f"{names.mapping_name(mapping)}: {size} bytes, "
          f"{number(mapping['page_count'])} of {-(-size // 4096)} pages are "
          f"there, {number(mapping['swapped'])} of them swapped out")
    print(f"  struct mapping at {number(mapping.address):#x}, radix tree of "
          f"height {number(mapping['height'])}")
    spaces = Spaces()
    mapped_by(mapping, spaces)
    Pages(mapping).show()
    print_notes(spaces)


def mapping_of_inode(inode):
    """The pages of a file; of a disk, those of its cache."""
    kind = number(inode["mode"]) & constant("S_IFMT")
    if kind == constant("S_IFREG"):
        return inode["mapping"]
    if kind != constant("S_IFBLK"):
        raise Trouble("neither a regular file nor a disk: it has no pages")
    devices = base.variable("devices", "dev/block.c")
    for i in range(number(base.variable("device_count", "dev/block.c"))):
        device = devices[i]
        if number(device["dev"]) == number(inode["rdev"]) and \
                number(device["cache"]):
            cache = base.type_named("struct block_cache", "block_cache_init")
            return base.at(device["cache"], cache)["mapping"]
    raise Trouble("there is no such disk")


def mapping_of_pointer(value):
    """The mapping that a pointer leads to, by its type."""
    pointer = value.type.strip_typedefs()
    name = pointer.target().strip_typedefs().name \
        if pointer.code == gdb.TYPE_CODE_PTR else "mapping"
    base.check_pointer(value, "the mapping")
    if name in ("inode", "file", "region"):
        thing = value.dereference()
        if name == "inode":
            return mapping_of_inode(thing)
        if name == "file":
            return mapping_of_inode(thing["inode"].dereference())
        base.check_pointer(thing["mapping"], "the mapping of the region")
        return thing["mapping"].dereference()
    return base.at(value, "struct mapping")


def files_with_pages():
    """(pages, size, path) of every file in tmpfs that has any."""
    root = base.variable("vfs_root")
    if not number(root):
        raise Trouble("there is no file system yet")
    todo, found, seen = [("", root.dereference())], [], set()
    regular, folder, disk = (constant("S_IF" + kind)
                             for kind in ("REG", "DIR", "BLK"))
    while todo and len(seen) < MOST_FILES:
        path, inode = todo.pop()
        if number(inode["mounted"]):
            inode = inode["mounted"].dereference()
        kind = number(inode["mode"]) & constant("S_IFMT")
        if number(inode.address) in seen:
            continue
        seen.add(number(inode.address))
        if kind == folder:
            todo += [(f"{path}/{names.entry_name(e)}",
                      e["inode"].dereference())
                     for e in names.tmpfs_entries(inode)]
        elif kind in (regular, disk):
            try:
                mapping = mapping_of_inode(inode)
            except Trouble:
                continue
            if number(mapping["page_count"]):
                found.append((number(mapping["page_count"]),
                              number(mapping["size"]), path))
    return found


@command
class PageCache(Command):
    """pagecache [PATH | POINTER]: the pages of a file, a disk (/dev/vda) or
    shared memory that are in memory: frames, who maps them, what is dirty or
    swapped out. POINTER: struct mapping, inode, file or region. Without
    argument, all files that have pages."""

    name = "pagecache"

    def run(self, argument):
        if argument.startswith("/"):
            inode = names.inode_by_path(argument)
            show_mapping(mapping_of_inode(inode))
        elif argument:
            show_mapping(mapping_of_pointer(pointer_argument(argument)))
        else:
            found = sorted(files_with_pages(), reverse=True)
            show.table(["PAGES", "BYTES", "FILE"], found[:FILES_SHOWN])
            if len(found) > FILES_SHOWN:
                print(f"... and {len(found) - FILES_SHOWN} more, "
                      f"{sum(f[0] for f in found)} pages in all")

    def complete(self, text, word):
        """Paths: gdb's words end at a slash."""
        try:
            found = names.path_completions(text or "/")
        except (gdb.error, gdb.GdbError):
            return []
        start = len(text) - len(word or "")
        return sorted(path[start:] for path in found
                      if path.startswith(text))


# ---- pipes ----------------------------------------------------------------

def is_pipe(file):
    """Is a struct file an end of a pipe?"""
    return names.is_ops(file["ops"], "pipe_ops", "ipc/pipe.c") and \
        number(file["private"]) != 0


def pipe_at(address):
    """struct pipe."""
    return base.at(address, base.type_named("struct pipe", "pipe_create"))


class Pipes:
    """All pipes that descriptors lead to, and whose."""

    def __init__(self):
        self.notes = []
        self.ends = {}      # address -> [(process, descriptor, file)]
        try:
            for process in base.processes():
                self._look(process)
        except Trouble as trouble:
            self.notes.append(str(trouble))

    def _look(self, process):
        try:
            for fd, file in open_files(process).items():
                if is_pipe(file):
                    self.ends.setdefault(number(file["private"]), []).append(
                        (process, fd, file))
        except (gdb.error, gdb.GdbError) as error:
            self.notes.append(f"files of {names.process_name(process)}: "
                              f"{error}")

    def holders(self, address, mode):
        """`7 (cow) fd 4, ...` of those that have an end open for `mode`."""
        found = []
        for process, fd, file in self.ends.get(address, []):
            access = number(file["flags"]) & constant("O_ACCMODE")
            if access in (constant(mode), constant("O_RDWR")):
                found.append(f"{names.process_name(process)} fd {fd}")
        return ", ".join(found) or "nobody"


def show_pipe(address, pipes):
    """All of a pipe."""
    pipe = pipe_at(address)
    ring = pipe["ring"]
    used = number(ring["used"])
    print(f"struct pipe at {address:#x}: {used} of "
          f"{number(ring['bytes'])} bytes used, in "
          f"{number(ring['page_count'])} pages")
    for title, count, mode, queue in (
            ("writers", "writers", "O_WRONLY", "can_write"),
            ("readers", "readers", "O_RDONLY", "can_read")):
        print(f"  {title}  {number(pipe[count])} open files: "
              f"{pipes.holders(address, mode)}; "
              f"{printers.queue_text(pipe[queue])}")
    if not number(pipe["writers"]):
        print("  no writer is left: after the last byte comes end of file")
    if not number(pipe["readers"]):
        print("  no reader is left: a write gives EPIPE and SIGPIPE")
    print(f"  lock     {printers.mutex_text(pipe['lock'])}")
    if used:
        data, more = ring_bytes(ring, min(used, BYTES_SHOWN)), \
            used > BYTES_SHOWN
        print(f"  next     {data!r}" + (" ..." if more else ""))


def ring_bytes(ring, count):
    """The first bytes of a struct pipe_ring."""
    frames, direct = Frames(), constant("DIRECT_MAP_BASE")
    size, at, data = number(ring["bytes"]), number(ring["head"]), b""
    if not size or size & (size - 1) or size > 1 << 31 or at >= size:
        raise Trouble("the ring makes no sense: size "
                      f"{size}, first byte at {at}")
    while len(data) < count:
        pfn = frames.number_at(number(ring["pages"][at // 4096]))
        if pfn is None:
            raise Trouble(f"page {at // 4096} of the ring is missing")
        part = min(count - len(data), 4096 - at % 4096)
        data += base.read_bytes(direct + (pfn << 12) + at % 4096, part)
        at = (at + part) % size
    return data


def builtin_pipe(argument):
    """gdb's `pipe COMMAND | SHELL`, which a command of this name hides."""
    delimiter = "|"
    if argument.startswith("-d "):
        words = argument.split(None, 2)
        if len(words) < 3:
            raise Trouble("pipe -d DELIMITER COMMAND DELIMITER SHELL-COMMAND")
        delimiter, argument = words[1:]
    line, _, shell = argument.partition(delimiter)
    try:
        output = gdb.execute(line.strip(), to_string=True)
    except gdb.error as error:
        raise Trouble(str(error)) from None
    done = subprocess.run(shell.strip(), shell=True, input=output,
                          capture_output=True, text=True, check=False)
    gdb.write(done.stdout + done.stderr)


@command
class Pipe(Command):
    """pipe [PID FD | POINTER]: the pipes that processes have open: how full,
    who has the ends, who sleeps. Of one, also its next bytes. POINTER: struct
    pipe or file. `pipe COMMAND | SHELL-COMMAND` is gdb's own."""

    name = "pipe"

    def invoke(self, argument, from_tty):
        if "|" in argument or argument.startswith("-d "):
            builtin_pipe(argument)
        else:
            super().invoke(argument, from_tty)

    def run(self, argument):
        words = argument.split()
        pipes = Pipes()
        if len(words) == 2:
            show_pipe(self.of_descriptor(*words), pipes)
        elif words:
            show_pipe(self.of_pointer(pointer_argument(argument)), pipes)
        else:
            self.show_all(pipes)
        print_notes(pipes)

    def of_descriptor(self, pid, fd):
        """The pipe at a descriptor of a process."""
        files = open_files(base.process_by_pid(number(pid)))
        file = files.get(number(fd))
        if file is None or not is_pipe(file):
            raise Trouble(f"descriptor {fd} of process {pid} is no pipe; "
                          "`files` shows what it is")
        return number(file["private"])

    def of_pointer(self, value):
        """The pipe that a pointer leads to."""
        base.check_pointer(value, "the pipe")
        pointer = value.type.strip_typedefs()
        if pointer.code == gdb.TYPE_CODE_PTR and \
                pointer.target().strip_typedefs().name == "file":
            if not is_pipe(value.dereference()):
                raise Trouble("this file is no pipe")
            return number(value["private"])
        return number(value)

    def show_all(self, pipes):
        """A line for each."""
        rows = []
        for address in pipes.ends:
            pipe = pipe_at(address)
            rows.append([f"{address:#x}", number(pipe["ring"]["used"]),
                         number(pipe["ring"]["bytes"]),
                         pipes.holders(address, "O_WRONLY"),
                         pipes.holders(address, "O_RDONLY"),
                         self.sleepers(pipe)])
        if not rows:
            print("no process has a pipe open")
        show.table(["PIPE", "USED", "SIZE", "WRITERS", "READERS", "SLEEP"],
                   rows)

    def sleepers(self, pipe):
        """Who waits for what."""
        said = [f"{what}: {text.removeprefix('waiting: ')}"
                for what, text in (
                    ("to read", printers.queue_text(pipe["can_read"])),
                    ("to write", printers.queue_text(pipe["can_write"])))
                if text != "nobody waits"]
        return "; ".join(said) or "nobody"

    def completions(self, words):
        return () if words else base.pid_completions()


# ---- shared memory --------------------------------------------------------

def shared_mappings(spaces):
    """{address: struct mapping} of shared memory without id or file."""
    found = {}
    for space in spaces.all:
        try:
            for region in regions(space):
                if number(region["mapping"]) and \
                        number(region["mapping"]) not in found:
                    mapping = region["mapping"].dereference()
                    if names.mapping_owner(mapping)[0] == "shared memory":
                        found[number(mapping.address)] = mapping
        except (gdb.error, gdb.GdbError) as error:
            spaces.notes.append(f"regions of {spaces.name(space)}: {error}")
    return found


def attached(mapping, spaces):
    """`7 (cow) at 0x7f...`, ..."""
    return ", ".join(
        f"{spaces.name(r['space'].dereference())} at {number(r['start']):#x}"
        for r in base.list_of(mapping["regions"], "struct region",
                              "mapping_link", "list of regions")) or "nobody"


@command
class Shm(Command):
    """shm [ID | POINTER]: shared memory, System V's by id and what
    mmap(MAP_SHARED | MAP_ANONYMOUS) made: size, pages, who has it where. Of
    one, its pages and frames. POINTER: struct mapping."""

    name = "shm"

    def run(self, argument):
        segments = list(sysv_objects(("segments", "ipc/sysv_shm.c"),
                                     "struct segment", "sysv_shm_init"))
        if argument:
            value = pointer_argument(argument)
            show_mapping(mapping_of_pointer(value)
                         if base.is_kernel_address(value) else
                         self.by_id(number(value), segments))
            return
        spaces, rows = Spaces(), []
        for segment in segments:
            key = number(segment["object"]["perm"]["__key"]) & 0xffffffff
            rows.append([f"id {int(segment['object']['id'])}",
                         f"{key:#x}" if key else "private",
                         number(segment["bytes"]),
                         *self.cells(segment["mapping"], spaces)])
        for mapping in shared_mappings(spaces).values():
            rows.append([f"{number(mapping.address):#x}", "none",
                         number(mapping["size"]),
                         *self.cells(mapping, spaces)])
        if not rows:
            print("there is no shared memory")
        show.table(["MEMORY", "KEY", "BYTES", "PAGES", "SWAPPED",
                    "ATTACHED"], rows)
        print_notes(spaces)

    def cells(self, mapping, spaces):
        """What both kinds have."""
        return [number(mapping["page_count"]), number(mapping["swapped"]),
                attached(mapping, spaces)]

    def by_id(self, wanted, segments):
        """The mapping of a segment."""
        for segment in segments:
            if int(segment["object"]["id"]) == wanted:
                return segment["mapping"]
        raise Trouble(f"there is no segment with id {wanted}; `shm` lists "
                      "all")
