"""GitHub's REST operations, as far as the console uses them."""
