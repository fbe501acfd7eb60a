"""What every server under measurement has in common: how it is started, asked, and stopped by its process id."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from load import request

LOOPBACK = "127.0.0.1"

# What is asked of servers, by the names that the tables have.
MAPS, TILES, TILES_1M = "GetMap", "vector tile, 100,000", "vector tile, 1,000,000"
PAGES = "page of 100"
FIRST, DEPTH = "first page of 1,000, of 100,000", "any page of 1,000, of 100,000"
FIRST_1M, DEPTH_1M = "first page of 1,000, of 1,000,000", "any page of 1,000, of 1,000,000"
CAPABILITIES, LANDING, COLLECTIONS, API = "capabilities", "landing page", "collections", "OpenAPI"


class Missing(Exception):
    """A server that is not installed here: it is named and left out."""


@dataclass
class Asked:
    """Requests of one task and what the answers must hold."""

    paths: list[str]
    # Of an answer's body: how much is in it. Raises where it is not what was asked for.
    content: Callable[[bytes], int]
    # Each answer must hold so much at least.
    least: int = 1


@dataclass
class Server:
    """A server as processes on loopback."""

    name: str
    folder: Path
    version: str = ""
    port: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.port = free_port()

    def launch(self, command: list[str], log: str, **more) -> subprocess.Popen:
        with (self.folder / log).open("ab") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True, **more)
        self.processes.append(process)
        return process

    def pids(self) -> list[int]:
        return [process.pid for process in self.processes]

    def stop(self) -> None:
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in reversed(self.processes):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()

    def bytes_of(self, path: str) -> bytes:
        return request(path, f"{LOOPBACK}:{self.port}", self.headers)

    def get(self, path: str) -> bytes:
        asked = urllib.request.Request(f"http://{LOOPBACK}:{self.port}{path}", headers=self.headers)
        with urllib.request.urlopen(asked, timeout=120) as answer:
            return answer.read()

    def wait_for(self, path: str, seconds: float = 60) -> None:
        """Until the address answers 200."""
        deadline, last = time.monotonic() + seconds, None
        while time.monotonic() < deadline:
            if ended := [process for process in self.processes if process.poll() is not None]:
                raise RuntimeError(f"{self.name} ended with {ended[0].returncode}; its log is in {self.folder}")
            try:
                self.get(path)
                return
            except OSError as error:
                last = error
                time.sleep(0.2)
        raise RuntimeError(f"{self.name} does not answer {path} within {seconds:.0f} s: {last}; its log is in {self.folder}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


def environment(**more: str) -> dict[str, str]:
    """What servers are told besides their own settings: nothing that would steer their libraries."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ} | {"LANG": "C.UTF-8"} | more


def picture(body: bytes) -> int:
    """A PNG; its bytes."""
    if not body.startswith(b"\x89PNG"):
        raise ValueError(f"no PNG: {body[:200]!r}")
    return len(body)


def features(body: bytes) -> int:
    """The features of a GeoJSON page."""
    return len(json.loads(body)["features"])


def members(body: bytes) -> int:
    """The members of a JSON document."""
    return len(json.loads(body))


def elements(body: bytes) -> int:
    """The layers that capabilities name."""
    if b"_Capabilities" not in body[:2000]:
        raise ValueError(f"no capabilities: {body[:200]!r}")
    return body.count(b"<Layer")


def tile_features(body: bytes) -> int:
    """The features of a vector tile: fields 2 of its layers, which are fields 3 of the tile."""
    return sum(
        sum(1 for number, _ in fields(layer) if number == 2) for number, layer in fields(memoryview(body)) if number == 3
    )


def fields(buffer: memoryview):
    """Numbers and contents of the fields of a protobuf message; numbers have no content here."""
    at = 0
    while at < len(buffer):
        key, at = varint(buffer, at)
        kind = key & 7
        if kind == 2:
            length, at = varint(buffer, at)
            yield key >> 3, buffer[at : at + length]
            at += length
        elif kind == 0:
            _, at = varint(buffer, at)
        else:
            at += {1: 8, 5: 4}[kind]


def varint(buffer: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = buffer[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
