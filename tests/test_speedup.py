"""Threads of one process are as parallel as processes.

What is compared is accounted: CPU time of the workers over the time that
passed, so that another load on the host changes nothing. What the clock says
is in the table, for the reader.
"""

import harness

LEAST_RATIO = 0.95
LEAST_CPUS = 1.6  # of 2: both kinds do run at once
ROUNDS = 7
TRIES = 5  # a host that stops a CPU for a second spoils one


def rows(*words, smp):
    """{kind: (workers, steps, speed-up by clock, CPUs used)}."""
    done = harness.tools_run("--smp", str(smp), command=["speedup", *words],
                             timeout=900)
    text = done.stdout.decode()
    print(text)
    assert done.returncode == 0, text + done.stderr.decode()
    fields = [line.split() for line in text.splitlines()[1:]]
    return {f[0]: tuple(float(x) for x in f[1:]) for f in fields}


def test_threads_speed_up_as_processes_do():
    for _ in range(TRIES):
        found = rows("-r", str(ROUNDS), "40000", smp=2)
        assert found["one"][0] == 1 and found["threads"][0] == 2
        threads, processes = found["threads"][3], found["processes"][3]
        if processes >= LEAST_CPUS and threads >= LEAST_RATIO * processes:
            return
    raise AssertionError(found)


def test_one_cpu_gives_no_speed_up():
    found = rows("-r", "3", "5000", smp=1)
    assert found["threads"][3] <= 1.01 and found["processes"][3] <= 1.01
