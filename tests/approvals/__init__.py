"""The house of approvals: its engine, its services, its rows, its pages."""
