"""What the approver's pages show, and what others may ask about a request."""
