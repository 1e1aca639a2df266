"""Tests of reading a change, on real repositories."""
