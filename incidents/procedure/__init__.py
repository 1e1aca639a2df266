"""The procedure, thinking only: what may be done, by whom, when, and why not. No input, no output, no clock."""
