"""Hidden tests of the lab mailbox."""

import os
import struct

from labkit.guest import Failure
from labkit.spec import load_module

boxes = load_module(os.path.join(os.path.dirname(__file__), "tests.py"),
                    "lab_mailbox_boxes")

SIGUSR2, SIGEV_SIGNAL, SI_MESGQ = 12, 0, -3


def nothing_lost_nothing_twice(m):
    """Many who send and receive at once through a small box: every letter is
    received exactly once."""
    main = boxes.Box(m, m.first, 2)
    senders = [main.for_actor(m.first.fork()) for _ in range(3)]
    receivers = [main.for_actor(m.first.fork()) for _ in range(3)]
    waiting = [struct.pack("<Q", n) + m.random.randbytes(8)
               for n in range(36)]
    sent, got, busy = [], [], {}

    def start(box):
        """Its next call; a sender without letters rests."""
        if box in receivers:
            box.begin_receive()
        elif waiting:
            sent.append(waiting.pop())
            box.begin_send(sent[-1])
        else:
            return
        busy[box.actor] = box

    for box in m.random.sample(senders + receivers, 6):
        start(box)
    while len(got) < 36:
        actor, answer = m.take_any(list(busy))
        box, number = busy.pop(actor), actor.value(answer)
        if number < 0:
            raise Failure(f"a call that may wait gave {number}")
        if box in receivers:
            # pylint: disable-next=protected-access
            got.append(box._got(number)[1])
        start(box)
    if sorted(got) != sorted(sent):
        raise Failure("other letters came out than went in")


def told_when_nobody_waits(m):
    """mq_notify: a signal tells of the letter that comes to an empty box, once
    and only when nobody waits for it."""
    parent = m.first
    parent.ask("catch", SIGUSR2, 0)
    box = boxes.Box(m, parent)
    other = box.for_actor(parent.fork())
    value = m.random.randrange(1 << 30)
    event = m.address(1)
    parent.map(event, 1)
    parent.poke(event, struct.pack("<qii", value, SIGUSR2, SIGEV_SIGNAL))
    parent.must("mq_notify", box.fd, event)
    other.receive_asleep()
    box.send(b"to you")
    if other.received() != (0, b"to you"):
        raise Failure("the letter did not come to who waits")
    if parent.ask_text("caught"):
        raise Failure("told, although somebody waited for the letter")
    other.send(b"to the box", 5)
    want = f"{SIGUSR2},{SI_MESGQ},{other.actor.pid},{value}"
    seen = parent.ask_text("caught")
    if seen != want:
        raise Failure(f"a letter came to the empty box; signals: '{seen}', "
                      f"not '{want}'")
    if box.receive() != (5, b"to the box"):
        raise Failure("the letter is not there")
    other.send(b"more")
    seen = parent.ask_text("caught")
    if seen:
        raise Failure(f"told twice: {seen}")
