"""What things are called: processes, inodes, mappings, regions.

Idea:   a path is put together upwards, from the names that tmpfs keeps of each
        inode; downwards it is looked up in tmpfs' directories, across mounts.
Next:   objects.py (the page cache by path).
"""

from . import base
from .base import Trouble, constant, number

MOST_PARTS = 64     # of a path, and links followed on the way


def process_name(process):
    """`7 (cow)`."""
    return f"{int(process['pid'])} ({base.text(process['name'])})"


def thread_name(thread):
    """`7 (cow)`, `8 of 7 (cow)`, or `kswapd, a kernel thread`."""
    if number(thread["process"]) == 0:
        return f"{base.text(thread['name'])}, a kernel thread"
    process, tid = thread["process"].dereference(), int(thread["tid"])
    name = process_name(process)
    return name if tid == int(process["pid"]) else f"{tid} of {name}"


def is_ops(pointer, name, file):
    """Does a pointer to operations lead to the static table `name`?"""
    return number(pointer) == number(base.variable(name, file).address)


# ---- upwards: names of inodes ---------------------------------------------

def _tmpfs(kind):
    return base.type_named(kind, "tmpfs_init")


def tmpfs_node(inode):
    """struct tmpfs_node of an inode, or None where it is no tmpfs'."""
    if not is_ops(inode["ops"], "tmpfs_ops", "fs/tmpfs.c") or \
            not number(inode["private"]):
        return None
    return base.at(inode["private"], _tmpfs("struct tmpfs_node"))


def tmpfs_entries(inode):
    """Every struct tmpfs_entry of a directory, in order of creation."""
    node = tmpfs_node(inode)
    if node is not None:
        yield from base.list_of(node["order"], _tmpfs("struct tmpfs_entry"),
                                "by_order", "list of directory entries")


def entry_name(entry):
    """The name that a struct tmpfs_entry gives."""
    length = min(number(entry["length"]), 255)
    data = base.read_bytes(number(entry["name"].address), length)
    return data.decode("utf-8", "backslashreplace")


def inode_path(inode):
    """Its path, the first of several; `inode N` where it has none."""
    root, parts = number(base.variable("vfs_root")), []
    at = inode
    while number(at.address) != root and len(parts) < MOST_PARTS:
        if number(at["covers"]):
            at = at["covers"].dereference()
            continue
        entry = _first_name(at)
        if entry is None:
            gone = f"inode {number(inode['ino'])}"
            return gone + " (deleted)" if number(inode["nlink"]) == 0 and \
                tmpfs_node(inode) is not None else gone
        parts.append(entry_name(entry))
        at = entry["dir"].dereference()
    return "/" + "/".join(reversed(parts))


def _first_name(inode):
    node = tmpfs_node(inode)
    if node is None:
        return None
    return next(base.list_of(node["names"], _tmpfs("struct tmpfs_entry"),
                             "names_link", "list of names"), None)


# ---- downwards: inodes by path --------------------------------------------

def inode_by_path(path):
    """struct inode of an absolute path; symbolic links are followed."""
    root = base.variable("vfs_root")
    if not number(root):
        raise Trouble("there is no file system yet")
    at, names, steps = root.dereference(), _split(path), 0
    while names:
        steps += 1
        if steps > MOST_PARTS:
            raise Trouble(f"{path}: too many names or links")
        name = names.pop(0)
        if name == "..":
            at = _parent(at)
            continue
        child = _child(at, name, path)
        if number(child["mode"]) & constant("S_IFMT") == constant("S_IFLNK"):
            target = base.text(tmpfs_node(child)["target"])
            names = _split(target) + names
            at = root.dereference() if target.startswith("/") else at
        else:
            at = child
    return _covering(at)


def _split(path):
    return [name for name in path.split("/") if name not in ("", ".")]


def _covering(inode):
    return inode["mounted"].dereference() if number(inode["mounted"]) \
        else inode


def _parent(inode):
    if number(inode["covers"]):
        inode = inode["covers"].dereference()
    return inode["parent"].dereference() if number(inode["parent"]) else inode


def _child(directory, name, path):
    directory = _covering(directory)
    if tmpfs_node(directory) is None:
        raise Trouble(f"{path}: {inode_path(directory)} makes its names up "
                      "as they are asked for, like all of /proc")
    for entry in tmpfs_entries(directory):
        if entry_name(entry) == name:
            return entry["inode"].dereference()
    raise Trouble(f"{path}: there is no {name!r} in {inode_path(directory)}")


def path_completions(word):
    """Paths that begin with `word`."""
    folder = word.rpartition("/")[0]
    return [f"{folder}/{entry_name(e)}"
            for e in tmpfs_entries(inode_by_path(folder))]


# ---- mappings and regions -------------------------------------------------

def mapping_owner(mapping):
    """(kind, owner) of a struct mapping: "inode", "segment", "disk" or
    "shared memory"; the owner is a gdb.Value, or None."""
    address = number(mapping.address)
    for table, file, kind, near in (
            ("inode_mapping_ops", "fs/vfs.c", "inode", "vfs_init"),
            ("segment_ops", "ipc/sysv_shm.c", "segment", "sysv_shm_init"),
            ("cache_mapping_ops", "fs/block_cache.c", "block_cache",
             "block_cache_init")):
        if is_ops(mapping["ops"], table, file):
            owner = base.type_named("struct " + kind, near)
            return kind, base.container(address, owner, "mapping")
    return "shared memory", None


def mapping_name(mapping):
    """What /proc/PID/maps calls it."""
    kind, owner = mapping_owner(mapping)
    if kind == "inode":
        return inode_path(owner)
    if kind == "segment":
        key = number(owner["object"]["perm"]["__key"]) & 0xffffffff
        return f"/SYSV{key:08x} (deleted)"
    if kind == "block_cache":
        return "/dev/" + base.text(owner["device"]["name"])
    return "/dev/zero (deleted)"


def region_name(region):
    """A region's last column in /proc/PID/maps."""
    if number(region["mapping"]):
        return mapping_name(region["mapping"].dereference())
    flags = number(region["flags"])
    for flag, name in (("REGION_HEAP", "[heap]"),
                       ("REGION_STACK_TOP", "[stack]")):
        if flags & constant(flag):
            return name
    return ""


def region_rights(region):
    """`rw-p` as in /proc/PID/maps."""
    prot, flags = number(region["prot"]), number(region["flags"])
    letters = "".join(letter if prot & constant(bit) else "-"
                      for letter, bit in (("r", "VM_READ"), ("w", "VM_WRITE"),
                                          ("x", "VM_EXEC")))
    return letters + ("s" if flags & constant("REGION_SHARED") else "p")
