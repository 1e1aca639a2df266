"""The outside world in a box: what the console talks to in the demo, the drill and the tests."""
