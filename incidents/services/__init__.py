"""Will: every change of state, each one transaction with its ledger entry."""
