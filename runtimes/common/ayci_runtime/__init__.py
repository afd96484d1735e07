"""Loads and times models in a sandbox: what every runtime of AYCI shares, whatever its framework."""
