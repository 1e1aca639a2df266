"""Exports of the record: copied out of the database, sealed into a bundle, verified by a file that needs nothing."""
