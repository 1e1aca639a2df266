"""Every change of state of a request: one transaction, one line in the record, the news after the commit."""
