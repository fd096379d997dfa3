"""gdb commands for hanu; `make gdb` loads this file.

It also works alone: gdb -x tools/gdb/hanu.py build/kernel.elf. The commands
are in the modules of tools/gdb/hanu/ and told in docs/gdb.md; `hanu`
lists them.
"""

import os
import sys

import gdb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import hanu  # noqa: E402  the folder beside this file

gdb.execute("set confirm off")
gdb.execute("set pagination off")
gdb.execute("set remotetimeout 60")  # a busy host keeps the machine waiting
hanu.load()
