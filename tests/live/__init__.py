"""The stream to open pages: order, resume, loss, rights, and the end of the process."""
