"""Pure code of kernel and libraries on the host, with ASan and UBSan."""

import os
import subprocess

import pytest

import harness


@pytest.mark.parametrize("name", harness.names("unit", ".c"))
def test_unit(name):
    done = subprocess.run([os.path.join(harness.BUILD, "host", "unit", name)],
                          capture_output=True, timeout=600, check=False,
                          errors="replace")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-6000:]
