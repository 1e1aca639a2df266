"""A process that misbehaves as it is asked to; otherwise it says what was said to it."""

import os
import time
from tempfile import TemporaryFile
from typing import Any

from incidents.assessment.confinement import serve


def _answer(question: Any) -> Any:
    if question == "hang":
        time.sleep(600)
    if question == "exit":
        os._exit(1)
    if question == "grow":
        return len(bytearray(2 << 30))
    if question == "write":
        with TemporaryFile() as file:
            file.write(b"never")
    return question


if __name__ == "__main__":
    serve(_answer)
