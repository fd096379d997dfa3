"""lsipc: objects by which processes talk to each other."""

from . import base, printers, show
from .base import Command, command, number

MOST_SLOTS = 32768


def sysv_objects(ids_file, kind, near):
    """The structures of one kind of System V objects: those in the slots of
    the file's struct sysv_ids."""
    variable, file = ids_file
    ids = base.variable(variable, file)
    for slot in range(min(number(ids["capacity"]), MOST_SLOTS)):
        pointer = ids["slots"][slot]
        if number(pointer):
            base.check_pointer(pointer, f"slot {slot} of {variable}")
            yield base.container(number(pointer),
                                 base.type_named(kind, near), "object")


def head(thing):
    """id, key, owner and rights: what all have."""
    perm = thing["object"]["perm"]
    key = number(perm["__key"]) & 0xffffffff
    return [int(thing["object"]["id"]), f"{key:#010x}", number(perm["uid"]),
            f"{number(perm['mode']) & 0o777:03o}"]


@command
class LsIpc(Command):
    """lsipc [shm|sem|msg|mq]: System V shared memory, semaphores and message
    queues, and POSIX message queues: keys, owners, contents, who waits."""

    name = "lsipc"
    KINDS = ("shm", "sem", "msg", "mq")

    def run(self, argument):
        kinds = argument.split() or self.KINDS
        for kind in kinds:
            if kind not in self.KINDS:
                raise base.Trouble("lsipc [shm|sem|msg|mq]")
            headers, rows = getattr(self, kind)()
            if rows:
                show.table(headers, rows)
            else:
                print(f"no {self.words[kind]}")

    words = {"shm": "shared memory segment", "sem": "set of semaphores",
             "msg": "System V message queue", "mq": "POSIX message queue"}

    @staticmethod
    def shm():
        """Segments."""
        rows = []
        for s in sysv_objects(("segments", "ipc/sysv_shm.c"),
                              "struct segment", "sysv_shm_init"):
            rows.append(head(s) + [number(s["bytes"]), number(s["users"]),
                                   number(s["mapping"]["page_count"]),
                                   int(s["creator"]), int(s["last"])])
        return ["SHM", "KEY", "UID", "MODE", "BYTES", "ATTACHED", "PAGES",
                "CREATOR", "LAST"], rows

    @staticmethod
    def sem():
        """Sets of semaphores."""
        rows = []
        for s in sysv_objects(("sets", "ipc/sysv_sem.c"), "struct set",
                              "sysv_sem_init"):
            values = [number(s["members"][i]["value"])
                      for i in range(min(number(s["count"]), 32))]
            rows.append(head(s) + [number(s["count"]),
                                   " ".join(map(str, values)),
                                   printers.queue_text(s["changed"])])
        return ["SEM", "KEY", "UID", "MODE", "COUNT", "VALUES",
                "SLEEPERS"], rows

    @staticmethod
    def msg():
        """System V message queues."""
        rows = []
        for q in sysv_objects(("queues", "ipc/sysv_msg.c"), "struct queue",
                              "sysv_msg_init"):
            rows.append(head(q) + [number(q["count"]), number(q["bytes"]),
                                   printers.queue_text(q["can_read"]),
                                   printers.queue_text(q["can_write"])])
        return ["MSG", "KEY", "UID", "MODE", "MESSAGES", "BYTES",
                "RECEIVERS", "SENDERS"], rows

    @staticmethod
    def mq():
        """POSIX message queues, by name."""
        rows = []
        name_type = base.type_named("struct name", near="mq_init")
        queue_type = base.type_named("struct queue", near="mq_init")
        for name in base.list_of(base.variable("names", "ipc/mqueue.c"),
                                 name_type, "link", "list of names"):
            private = name["inode"]["private"]
            if number(private) == 0:
                continue
            q = base.at(private, queue_type)
            rows.append([base.text(name["text"].address.cast(
                base.type_named("char").pointer())),
                number(q["count"]), number(q["limit"]),
                number(q["message_max"]),
                printers.queue_text(q["can_read"]),
                printers.queue_text(q["can_write"])])
        return ["MQ", "MESSAGES", "MOST", "BYTES EACH", "RECEIVERS",
                "SENDERS"], rows

    def completions(self, words):
        return [k for k in self.KINDS if k not in words]


@command
class Dmesg(Command):
    """dmesg [LINES]: the kernel's log, or its last lines, as it lies in the
    ring: also when the kernel is stuck, and nothing else can read it."""

    name = "dmesg"

    def run(self, argument):
        ring = base.variable("ring", "core/printk.c")
        written = number(base.variable("ring_written", "core/printk.c"))
        if written == 0:
            print("nothing was logged yet")
            return
        size = ring.type.sizeof
        data = base.read_bytes(number(ring.address), size)
        at = written % size
        data = data[at:] + data[:at] if written > size else data[:at]
        lines = data.decode("utf-8", "replace").rstrip("\n").split("\n")
        for line in lines[-number(argument):] if argument else lines:
            print(line.rstrip("\r"))
