"""Where the kernel sends no signal at a parent's death (macOS): wait for it here, and end the engine then.

Run as a script of its own, `python watch.py PARENT ENGINE SIGNAL`, so that it outlives the parent.
"""

import os
import sys
import time

EVERY_SECONDS = 0.5


def alive(process_id: int) -> bool:
    """Is there such a process?"""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def watch(parent: int, engine: int, last_signal: int) -> None:
    """Return once the engine is gone, ended by us if its parent went first."""
    while alive(engine):
        if not alive(parent):
            os.kill(engine, last_signal)
            return
        time.sleep(EVERY_SECONDS)


if __name__ == "__main__":
    watch(*map(int, sys.argv[1:]))
