"""Programs that measure; run by hand and by `make bench`."""
