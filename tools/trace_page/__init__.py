"""The page of a trace: see build.py."""
