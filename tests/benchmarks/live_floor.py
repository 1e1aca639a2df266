"""The floor of the live stream: a bare asyncio server that writes the same bytes on each doorbell, and no more."""

import argparse
import asyncio

import uvloop
from redis.asyncio import Redis

from incidents.dispatch import DOORBELL
from incidents.live.serving import allow_many_files, listen
from incidents.live.wire import message

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


class Viewer(asyncio.Protocol):
    everyone: "set[Viewer]" = set()
    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(HEAD)
        self.everyone.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.everyone.discard(self)


async def serve(port: int, redis_url: str, weight: int) -> None:
    listening = listen("127.0.0.1", port)
    server = await asyncio.get_running_loop().create_server(Viewer, sock=listening)
    async with server, Redis.from_url(redis_url) as redis, redis.pubsub(ignore_subscribe_messages=True) as bell:
        await bell.subscribe(DOORBELL)
        print(listening.getsockname()[1], flush=True)
        seq = 0
        while True:
            if await bell.get_message(timeout=60):
                seq += 1
                frame = message(f"viewer:{seq}:{'x' * weight}", seq=seq)
                chunk = b"%x\r\n%s\r\n" % (len(frame), frame)
                for viewer in Viewer.everyone:
                    viewer.transport.write(chunk)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database")
    parser.add_argument("--redis", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--weight", type=int, default=0)
    told = parser.parse_args()
    allow_many_files()
    uvloop.run(serve(told.port, told.redis, told.weight))


if __name__ == "__main__":
    main()
