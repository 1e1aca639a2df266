"""The drill: the shop is broken and rolled back through the console's own pages, and the journal judges."""

from sandbox.drill.browser import Browser

__all__ = ["Browser"]
