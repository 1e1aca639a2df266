"""One line to HAProxy's runtime socket, and what came back."""

import socket
from pathlib import Path


def ask(path: Path, line: str) -> str:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(str(path))
        connection.sendall(f"{line}\n".encode())
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer.decode()
