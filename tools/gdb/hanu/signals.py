"""sig: the signals of a process."""

from . import base, names, show
from .base import Command, command, number
from .printers import signal_name, signal_set


@command
class Sig(Command):
    """sig [PID]: signals of a process: what each does, which are pending, for
    the process or one of its threads, with sender and code, and which are
    blocked."""

    name = "sig"

    def run(self, argument):
        process = base.pid_argument(argument)
        print(f"{names.process_name(process)}, pending for the process: "
              f"{signal_set(process['shared_pending'])}")
        self.queue(process["shared_queue"])
        for thread in base.threads_of(process):
            print(f"thread {int(thread['tid'])}: pending "
                  f"{signal_set(thread['pending'])}; blocked "
                  f"{signal_set(thread['blocked'])}; flags " +
                  base.flag_names(thread["flags"], "THREAD_SIGPENDING",
                                  "THREAD_"))
            self.queue(thread["signal_info"])
        self.actions(process["handlers"])

    @staticmethod
    def queue(pointer):
        """The siginfo that lies in a queue."""
        kind = base.type_named("struct signal_entry",
                               near="signal_queue_init")
        info_type = base.type_named("siginfo_t", near="signal_queue_init")
        seen = set()
        while number(pointer):
            address = base.check_pointer(pointer, "queue of signals")
            if address in seen:
                raise base.Trouble("queue of signals is broken: it comes "
                                   f"back to {address:#x}")
            seen.add(address)
            entry = base.at(address, kind)
            info = base.at(number(entry["info"].address), info_type)
            print(f"  queued {signal_name(entry['signal'])}, code "
                  f"{int(info['si_code'])}, from process "
                  f"{int(info['si_fields']['rt']['pid'])}")
            pointer = entry["next"]

    @staticmethod
    def actions(handlers):
        """Signals that do not do what they do by default."""
        if number(handlers) == 0:
            print("no handlers (any more)")
            return
        rows = []
        for index, action in enumerate(base.elements(handlers["action"])):
            handler = number(action["handler"])
            if handler == 0:
                continue
            what = "ignored" if handler == 1 else f"handler {handler:#x}"
            rows.append([signal_name(index + 1), what,
                         base.flag_names(action["flags"],
                                         "enum fact_sigaction", "SA_"),
                         signal_set(action["mask"])])
        if rows:
            show.table(["SIGNAL", "DOES", "FLAGS", "BLOCKS MEANWHILE"], rows)
        print("the others do what they do by default" if rows else
              "every signal does what it does by default")

    def completions(self, words):
        return [] if words else base.pid_completions()
