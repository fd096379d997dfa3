"""What all commands share: reading kernel data safely.

Idea:   everything is found by debug information: fields by name, constants as
        enumerators, macros as the FACT_* enumerators of kernel/debug_facts.c.
        Nothing a command meets may end in a traceback or an endless loop: a
        pointer may be wild, a list cyclic, the kernel not booted yet.
Errors: Trouble is a message for the user. What gdb raises about memory or
        symbols becomes one in Command.invoke().
Next:   process.py for a command that is nothing special.
"""

import gdb

MASK = (1 << 64) - 1
MOST_ELEMENTS = 100000     # of a list or tree: more are a mistake
KERNEL_HALF = 1 << 47      # what lies below is user space or no address
CR0_PAGING = 1 << 31       # [SDM-3A "Control Registers"]


class Trouble(gdb.GdbError):
    """Something is not there or makes no sense: a message, no traceback."""


# ---- symbols, types and constants of the kernel ---------------------------

def kernel():
    """The objfile of the kernel; programs have symbols of the same names."""
    for objfile in gdb.objfiles():
        if objfile.lookup_global_symbol("debug_facts"):
            return objfile
    raise Trouble("no symbols of the kernel: file build/kernel.elf")


def facts_block():
    """The scope of kernel/debug_facts.c, which has nearly all types."""
    symbol = kernel().lookup_global_symbol("debug_facts")
    return symbol.symtab.static_block()


def symbol_named(name, file=None):
    """A variable or function of the kernel. `file`: where it is static."""
    if file is None:
        found = kernel().lookup_global_symbol(name) or \
            kernel().lookup_static_symbol(name)
        if found:
            return found
    for found in gdb.lookup_static_symbols(name):
        if file and found.symtab.filename.endswith(file) and \
                found.symtab.objfile == kernel():
            return found
    raise Trouble(f"this kernel has no {name}" + (f" in {file}" if file
                                                  else ""))


def variable(name, file=None):
    """The value of a kernel variable: variable("ring", "core/printk.c")."""
    return symbol_named(name, file).value()


def type_named(name, near=None):
    """A type such as "struct thread"; `near`: a function or variable of the
    file that has it, for those that no header declares."""
    block = symbol_named(near).symtab.static_block() if near else \
        facts_block()
    try:
        return gdb.lookup_type(name, block)
    except gdb.error as error:
        raise Trouble(f"this kernel has no {name}") from error


def remembered(function):
    """Decorator: the answer does not change while the kernel is the same."""
    known = {}

    def ask(argument):
        key = (kernel(), argument)
        if key not in known:
            known[key] = function(argument)
        return known[key]
    ask.__doc__ = function.__doc__
    return ask


@remembered
def constant(name):
    """An enumerator, or a macro by its FACT_ in kernel/debug_facts.c."""
    return int(_constant_symbol(name).value()) & MASK


def _constant_symbol(name):
    block = facts_block()
    for spelling in (name, "FACT_" + name):
        found = gdb.lookup_symbol(spelling, block)[0]
        if found and found.is_constant:
            return found
    raise Trouble(f"this kernel has no constant {name}")


@remembered
def enumerators(enum):
    """[(name, value)] in order, without FACT_, of "enum NAME"; an enum
    without a name is called by one of its members."""
    kind = type_named(enum) if enum.startswith("enum ") else \
        _constant_symbol(enum).type
    return [(field.name.removeprefix("FACT_"), field.enumval & MASK)
            for field in kind.fields()]


def enum_name(value, enum, prefix=""):
    """The enumerator's name in lower case without `prefix`, or the number."""
    for name, number in enumerators(enum):
        if number == int(value):
            return name.removeprefix(prefix).lower().replace("_", " ")
    return str(int(value))


def flag_names(value, enum, prefix="", none="none"):
    """The names of the single bits that are set; the rest as a number."""
    value, words = int(value) & MASK, []
    for name, bit in enumerators(enum):
        if bit and bit & (bit - 1) == 0 and value & bit and \
                name.startswith(prefix):
            name = name.removeprefix(prefix).lower()
            words.append(name.replace("_", "-"))
            value &= ~bit
    if value:
        words.append(f"{value:#x}")
    return " ".join(words) or none


# ---- memory ---------------------------------------------------------------

def number(value):
    """A gdb.Value, number or C expression as an unsigned 64-bit number."""
    if isinstance(value, str):
        value = gdb.parse_and_eval(value)
    return int(value) & MASK


def read_bytes(address, count):
    """Bytes at a virtual address, as the CPU looked at sees them."""
    return bytes(gdb.selected_inferior().read_memory(address & MASK, count))


def read_word(address):
    """The 64-bit word at an address."""
    return int.from_bytes(read_bytes(address, 8), "little")


def at(address, type_name):
    """The object of "struct NAME" at an address, as a gdb.Value."""
    kind = type_named(type_name) if isinstance(type_name, str) else type_name
    return gdb.Value(number(address)).cast(kind.pointer()).dereference()


def text(value, limit=256):
    """A char array or char pointer up to its NUL, printable."""
    if value.type.strip_typedefs().code == gdb.TYPE_CODE_ARRAY:
        data = read_bytes(number(value.address), value.type.sizeof)
    else:
        data = read_string(number(value), limit)
    data = data.split(b"\0")[0].decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "?" for c in data)


def read_string(address, limit):
    """Bytes up to a NUL, without crossing into a page that is not there."""
    data = b""
    while len(data) < limit and b"\0" not in data:
        part = min(limit - len(data), 64 - (address + len(data)) % 64)
        data += read_bytes(address + len(data), part)
    return data


def is_kernel_address(address):
    """Does it lie in the kernel half?"""
    return number(address) >= MASK - KERNEL_HALF + 1


def check_pointer(pointer, what):
    """`pointer` as a number if it can be one to kernel data."""
    address = number(pointer)
    if not is_kernel_address(address) or address % 4:
        raise Trouble(f"{what}: {address:#x} is no pointer to kernel data")
    return address


# ---- containers -----------------------------------------------------------

def offset_of(kind, member):
    """Bytes from the start of a gdb.Type to its field; a.b is possible."""
    offset = 0
    for name in member.split("."):
        field = kind.strip_typedefs()[name]
        offset, kind = offset + field.bitpos // 8, field.type
    return offset


def container(node, type_name, member):
    """The structure whose field `member` is at the address `node`."""
    kind = type_named(type_name) if isinstance(type_name, str) else type_name
    return at(number(node) - offset_of(kind, member), kind)


def list_nodes(head, what="list"):
    """Addresses of the nodes of a struct list_node that heads a list.

    Raises Trouble where it is broken, after what stands before the break.
    """
    node_type = type_named("struct list_node")
    start = number(head.address)
    next_at = offset_of(node_type, "next")
    prev_at = offset_of(node_type, "prev")
    before, node, seen = start, read_word(start + next_at), set()
    if node == 0:
        raise Trouble(f"{what} at {start:#x} is not set up yet")
    while node != start:
        if not is_kernel_address(node) or node % 8:
            raise Trouble(f"{what} is broken: the node at {before:#x} "
                          f"leads to {node:#x}")
        if node in seen or len(seen) >= MOST_ELEMENTS:
            raise Trouble(f"{what} is broken: it comes back to {node:#x} and "
                          "never to its head")
        if read_word(node + prev_at) != before:
            raise Trouble(f"{what} is broken: {node:#x} comes after "
                          f"{before:#x}, but says that it does not")
        seen.add(node)
        yield node
        before, node = node, read_word(node + next_at)


def list_of(head, type_name, member, what=None):
    """The structures of a list, linked by their field `member`."""
    kind = type_named(type_name) if isinstance(type_name, str) else type_name
    for node in list_nodes(head, what or f"list of {kind}"):
        yield container(node, kind, member)


def tree_nodes(tree, what="tree"):
    """Addresses of the nodes of a struct tree, in order."""
    kind = type_named("struct tree_node")
    offsets = [offset_of(kind, name) for name in ("left", "right", "parent")]
    stack, seen = [], set()
    node, parent = number(tree["root"]), 0
    while stack or node:
        while node:
            if not is_kernel_address(node) or node in seen or \
                    len(seen) >= MOST_ELEMENTS:
                raise Trouble(f"{what} is broken: {parent:#x} leads to "
                              f"{node:#x}")
            left, right, up = (read_word(node + o) for o in offsets)
            if up != parent:
                raise Trouble(f"{what} is broken: the parent of {node:#x} "
                              f"is not {parent:#x} but {up:#x}")
            seen.add(node)
            stack.append((node, right))
            node, parent = left, node
        parent, node = stack.pop()
        yield parent


def tree_of(tree, type_name, member, what=None):
    """The structures of a tree, in order."""
    kind = type_named(type_name) if isinstance(type_name, str) else type_name
    for node in tree_nodes(tree, what or f"tree of {kind}"):
        yield container(node, kind, member)


def elements(array):
    """The elements of an array value."""
    first, last = array.type.strip_typedefs().range()
    return [array[i] for i in range(first, last + 1)]


# ---- CPUs, threads, processes ---------------------------------------------

def cpus():
    """struct cpu of those that run."""
    array, count = variable("cpus"), int(variable("cpu_count"))
    most = array.type.range()[1] + 1
    return [array[i] for i in range(min(max(count, 1), most))]


def cpu_of(thread=None):
    """struct cpu of a gdb thread (default: the selected one)."""
    thread = thread or gdb.selected_thread()
    if thread is None:
        raise Trouble("no machine: target remote localhost:PORT first")
    bases = _gs_bases(thread)
    for cpu in cpus():
        if number(cpu.address) in bases:
            return cpu
    return cpus()[min(thread.num, len(cpus())) - 1]


def _gs_bases(thread):
    """What %gs means in the kernel is in one of two registers."""
    selected = gdb.selected_thread()
    try:
        thread.switch()
        frame = gdb.newest_frame()
        return [int(frame.read_register(r)) & MASK
                for r in ("gs_base", "k_gs_base")]
    except (gdb.error, ValueError):
        return []
    finally:
        selected.switch()


def current_thread(cpu=None):
    """struct thread that runs on `cpu` (default: the one looked at)."""
    thread = (cpu_of() if cpu is None else cpu)["current"]
    if number(thread) == 0:
        raise Trouble("no thread runs yet: the kernel is still booting")
    check_pointer(thread, "the current thread")
    return thread.dereference()


def current_process():
    """struct process that runs on the CPU looked at."""
    process = current_thread()["process"]
    if number(process) == 0:
        raise Trouble("a kernel thread runs here, no process: give a PID")
    return process.dereference()


def processes():
    """Every struct process, zombies too, oldest first."""
    return list_of(variable("process_list"), "struct process", "all_link",
                   "list of processes")


def process_by_pid(pid):
    """The struct process of a PID."""
    for process in processes():
        if int(process["pid"]) == pid:
            return process
    raise Trouble(f"there is no process {pid}; `ps` lists all")


def threads_of(process):
    """Every struct thread of a process, its first one first."""
    return list_of(process["threads"], "struct thread", "process_link",
                   f"list of threads of process {int(process['pid'])}")


def variables_of_type(type_name):
    """[gdb.Value] of all variables of the kernel that have this type."""
    return [variable(*place) for place in _places_of_type(type_name)]


@remembered
def _places_of_type(type_name):
    """[(name, file or None)] of these variables."""
    listed = gdb.execute(f"info variables -q -t ^{type_name}$".replace(
        "struct ", "struct."), to_string=True)
    file, found = None, []
    for line in listed.splitlines():
        if line.startswith("File "):
            file = line[5:].rstrip(":")
        elif line.endswith(";") and file:
            is_static = "static " in line.partition(":")[2]
            found.append((line.split()[-1].rstrip(";"),
                          file if is_static else None))
    return [place for place in found if _exists(*place)]


def _exists(name, file):
    """Is it the kernel's, and not that of a program?"""
    try:
        return symbol_named(name, file) is not None
    except Trouble:
        return False


def waiters_of(queue):
    """Every struct waiter on a struct wait_queue."""
    return list_of(queue["waiters"], "struct waiter", "link",
                   "list of waiters")


def kernel_threads():
    """struct threads that belong to no process. No list has them all: they
    are on CPUs, in run queues, or asleep on queues that are variables."""
    seen = set()
    for thread in _perhaps_kernel_threads():
        address = number(thread)
        if address in seen or not is_kernel_address(address):
            continue
        seen.add(address)
        if number(thread["process"]) == 0:
            yield thread.dereference()


def _perhaps_kernel_threads():
    queues = variable("run_queues")
    for cpu in cpus():
        yield cpu["idle"]
        yield cpu["current"]
        ready = queues[int(cpu["id"])]["all"]
        if number(ready["next"]):
            for thread in list_of(ready, "struct thread", "ready_link"):
                yield thread.address
    for queue in variables_of_type("struct wait_queue"):
        if number(queue["waiters"]["next"]):
            for waiter in waiters_of(queue):
                yield waiter["thread"]
    fire = number(variable("deadline_passed", "sched/wait.c").address)
    for queue in elements(variable("queues", "sched/timer.c"))[:len(cpus())]:
        for timer in tree_of(queue["timers"], "struct timer", "node"):
            if number(timer["fire"]) == fire:
                yield container(timer.address, "struct thread",
                                "sleep_timer").address


def all_threads():
    """Every struct thread: kernel threads, then those of the processes."""
    yield from kernel_threads()
    for process in processes():
        yield from threads_of(process)


def thread_by_tid(tid):
    """The struct thread of a TID, or at a kernel address."""
    if is_kernel_address(tid):
        return at(check_pointer(tid, "the thread"), "struct thread")
    for thread in all_threads():
        if int(thread["tid"]) == tid and number(thread["process"]):
            return thread
    raise Trouble(f"there is no thread {tid}; `threads` lists all")


def user_frame(thread):
    """struct trap_frame at the top of a thread's kernel stack: the user
    registers it had when it last came into the kernel."""
    if number(thread["process"]) == 0:
        raise Trouble("a kernel thread has no user registers")
    kind = type_named("struct trap_frame")
    top = number(thread["kernel_stack"]) + \
        constant("CONFIG_KSTACK_PAGES") * constant("PAGE_SIZE")
    return at(top - kind.sizeof, kind)


# ---- user memory, through the page tables of a process --------------------

class PageTables:
    """The page tables of an address space, read through the direct map."""

    def __init__(self, space):
        if number(space) == 0:
            raise Trouble("it has no address space (any more)")
        self.root = number(space["pml4"])
        self.direct = constant("DIRECT_MAP_BASE")
        self.shift = constant("PAGE_SHIFT")
        self.present = constant("PTE_PRESENT")
        self.large = constant("PTE_LARGE")
        self.address = constant("PTE_ADDRESS")

    def walk(self, va):
        """[(level, address of the entry, entry)], level 3 first; ends at the
        first entry that is not present, or that maps a page."""
        table, steps = self.root, []
        for level in (3, 2, 1, 0):
            index = va >> (self.shift + 9 * level) & 511
            where = self.direct + table + 8 * index
            entry = read_word(where)
            steps.append((level, where, entry))
            if not entry & self.present or (level and entry & self.large):
                break
            table = entry & self.address
        return steps

    def physical(self, va):
        """Physical address of a user address, or None."""
        level, _, entry = self.walk(va)[-1]
        if not entry & self.present:
            return None
        span = 1 << (self.shift + 9 * level)
        return (entry & self.address & ~(span - 1)) + va % span

    def read(self, va, count):
        """Bytes of user memory; Trouble where no page is mapped."""
        data, page = b"", 1 << self.shift
        while count:
            part = min(count, page - va % page)
            physical = self.physical(va)
            if physical is None:
                raise Trouble(f"no page is mapped at {va:#x}")
            data += read_bytes(self.direct + physical, part)
            va, count = va + part, count - part
        return data


# ---- commands -------------------------------------------------------------

COMMANDS = {}   # name -> the Command


class Command(gdb.Command):
    """A command: subclass it, say `name`, write `run` and the docstring.

    The docstring is the help; its first line is "NAME ARGS: what it does".
    """

    name = ""
    kind = gdb.COMMAND_DATA
    needs_machine = True   # only makes sense with a kernel that runs

    def __init__(self):
        super().__init__(self.name, self.kind)
        COMMANDS[self.name] = self
        self.dont_repeat()

    def run(self, argument):
        """Do it. `argument`: what stands behind the name, stripped."""
        raise NotImplementedError

    def completions(self, words):
        """What may come after `words`, the arguments before the cursor."""
        return ()

    def invoke(self, argument, from_tty):
        selected = gdb.selected_thread()
        try:
            if self.needs_machine:
                require_kernel()
            self.run(argument.strip())
        except gdb.MemoryError as error:
            raise gdb.GdbError(f"{self.name}: {error}: a wild pointer, or the "
                               "kernel has not come so far") from None
        except gdb.GdbError as error:
            raise gdb.GdbError(f"{self.name}: {error}") from None
        except gdb.error as error:
            raise gdb.GdbError(f"{self.name}: {error}") from None
        except KeyboardInterrupt:
            raise gdb.GdbError(f"{self.name}: interrupted") from None
        except Exception as error:
            raise gdb.GdbError(f"{self.name}: the kernel's data make no sense "
                               f"here ({type(error).__name__}: {error})") \
                from None
        finally:
            if selected and selected.is_valid() and \
                    gdb.selected_thread() != selected:
                selected.switch()

    def complete(self, text, word):
        try:
            words = text.split()
            last = words.pop() if words and not text[-1].isspace() else ""
            cut = len(last) - len(word or "")   # gdb's word ends at a "-"
            return sorted(c[cut:] for c in self.completions(words)
                          if c.startswith(last))
        except (gdb.error, gdb.GdbError):
            return []


def command(cls):
    """Class decorator: the command exists from now on."""
    cls()
    return cls


def pid_completions():
    """The PIDs there are."""
    return [str(int(p["pid"])) for p in processes()]


def pid_argument(argument):
    """The process of the PID given, or the one that runs here."""
    if not argument:
        return current_process()
    return process_by_pid(number(argument))


def require_kernel():
    """Look through the eyes of a CPU that runs the kernel with paging on."""
    if gdb.selected_thread() is None:
        raise Trouble("no machine: `make qemu-gdb`, then target remote "
                      "localhost:1234")
    if _has_paging():
        return
    for thread in gdb.selected_inferior().threads():
        thread.switch()
        if _has_paging():
            return
    raise Trouble("the kernel has not turned paging on yet: there is "
                  "nothing to see")


def _has_paging():
    try:
        if not int(gdb.newest_frame().read_register("cr0")) & CR0_PAGING:
            return False
        return read_word(number(variable("debug_facts").address) & ~7) != 0
    except (ValueError, gdb.error):
        return False
