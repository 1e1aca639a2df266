"""The approver's pages in a real Chromium."""
