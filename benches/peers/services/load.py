"""The load generator: the same requests for every server, over connections that stay open, each connection sending its next
request when the answer to the one before is whole (HTTP/1.1, asyncio). Times in seconds of the wall clock, seen by the client,
which shares the machine's cores with the server."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field


class WrongAnswer(Exception):
    """A status other than 200, an empty answer, or one that holds too little: the run is worth nothing."""


@dataclass
class Driven:
    """What one run of a list of requests took."""

    waits_s: list[float] = field(default_factory=list)
    body_bytes: int = 0
    wall_s: float = 0.0

    def quantile_ms(self, share: float) -> float:
        ordered = sorted(self.waits_s)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1e3


def request(path: str, host: str, headers: dict[str, str]) -> bytes:
    """The bytes of a GET."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Accept-Encoding: identity", "Accept: */*"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    """Status, body, and whether the server closes the connection."""
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    lowered = head.lower()
    closes = b"\r\nconnection: close" in lowered
    if (at := lowered.find(b"\r\ncontent-length:")) >= 0:
        length = int(lowered[at + 17 : lowered.index(b"\r\n", at + 2)])
        return status, await reader.readexactly(length), closes
    if b"\r\ntransfer-encoding: chunked" not in lowered:
        return status, b"" if status in (204, 304) else await reader.read(), True
    body = bytearray()
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readline()
    return status, bytes(body), closes


async def connection(address, requests, turns, driven: Driven, check: Callable[[int, bytes], None]) -> None:
    """One connection, until no turn is left."""
    reader = writer = None
    for turn in turns:
        number = turn % len(requests)
        if writer is None:
            reader, writer = await asyncio.open_connection(*address, limit=1 << 26)
        began = time.perf_counter()
        writer.write(requests[number])
        status, body, closes = await read_answer(reader)
        driven.waits_s.append(time.perf_counter() - began)
        if status != 200 or not body:
            raise WrongAnswer(f"{status}, {len(body)} bytes: {requests[number].split(b' ')[1].decode()}: {body[:300]!r}")
        check(number, body)
        driven.body_bytes += len(body)
        if closes:
            writer.close()
            reader = writer = None
    if writer is not None:
        writer.close()


async def driven_by(address, requests, passes: int, connections: int, check) -> Driven:
    driven = Driven()
    # One iterator for all: whoever is free takes the next.
    turns = iter(range(passes * len(requests)))
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(connection(address, requests, turns, driven, check))
    driven.wall_s = time.perf_counter() - began
    return driven


def drive(address: tuple[str, int], requests: list[bytes], passes: int, connections: int, check=lambda number, body: None) -> Driven:
    """Sends all requests so many times over so many connections; an answer that is not 200 or empty ends it."""
    try:
        return asyncio.run(driven_by(address, requests, passes, connections, check))
    except ExceptionGroup as group:
        raise group.exceptions[0] from group
