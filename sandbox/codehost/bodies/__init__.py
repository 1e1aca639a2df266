"""GitHub's JSON, built from what the code host knows. Shapes are checked against GitHub's own description."""
