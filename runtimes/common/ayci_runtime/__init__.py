"""Loads and times models in a sandbox: what the runtimes of all frameworks share."""
