"""gdb commands that show what hanu does; README.md beside hanu.py lists them.

Each module but `base`, `show` and what it says itself makes commands when it
is imported; `load` imports them all.
"""

import importlib
import pkgutil


def load():
    """Import every module; what fails is told and left out."""
    for module in pkgutil.iter_modules(__path__):
        try:
            importlib.import_module(f"{__name__}.{module.name}")
        except Exception as error:  # the other commands are still wanted
            print(f"tools/gdb/hanu/{module.name}.py: "
                  f"{type(error).__name__}: {error}")
