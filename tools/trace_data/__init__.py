"""What tools/trace is made of; README.md says in which order to read it."""
