"""A PostgreSQL cluster of our own with PostGIS, on loopback, with the points of each CSV as a table of that name. tipg, MapServer and
martin read it; each of them is measured with the cluster freshly started, so that nothing of another one still runs in it."""

import os
import pwd
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import server
from server import Missing, Server, environment

SETTINGS = {"shared_buffers": "256MB", "max_connections": "60", "fsync": "off", "jit": "off"}
USER, DATABASE = "postgres", "points"
TABLE = """
CREATE TABLE {name} (id integer PRIMARY KEY, particle_id integer, valid_time timestamptz, lon float8, lat float8, status text);
\\copy {name} FROM '{csv}' WITH (FORMAT csv, HEADER)
ALTER TABLE {name} ADD COLUMN geom geometry(Point, 4326);
UPDATE {name} SET geom = ST_SetSRID(ST_MakePoint(lon, lat), 4326);
ALTER TABLE {name} DROP COLUMN lon, DROP COLUMN lat;
CREATE INDEX ON {name} USING gist (geom);
CREATE INDEX ON {name} (valid_time);
"""


def programs() -> Path:
    """Where initdb is: Debian keeps it out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    inside = shutil.which("initdb")
    if not found and not inside:
        raise Missing("PostgreSQL is not installed")
    return found[-1].parent if found else Path(inside).parent


def as_user(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", *command] if os.geteuid() == 0 else command


@dataclass
class PostGis(Server):
    """The cluster."""

    def url(self) -> str:
        return f"postgresql://{USER}@{server.LOOPBACK}:{self.port}/{DATABASE}"

    def psql(self, script: str, database: str = DATABASE) -> str:
        command = [programs() / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", USER, "-h", server.LOOPBACK]
        done = subprocess.run(
            [*command, "-p", str(self.port), "-d", database], input=script, capture_output=True, text=True, env=environment()
        )
        if done.returncode != 0:
            raise RuntimeError(f"psql: {done.stderr[-1000:]}")
        return done.stdout.strip()

    def start(self) -> None:
        data = self.folder / "postgres"
        if not (data / "PG_VERSION").exists():
            shutil.rmtree(data, ignore_errors=True)
            data.mkdir(mode=0o700)
            if os.geteuid() == 0:
                owner = pwd.getpwnam(USER)
                os.chown(data, owner.pw_uid, owner.pw_gid)
            make = [str(programs() / "initdb"), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N", "-D", str(data)]
            subprocess.run(as_user(make), check=True, stdout=subprocess.DEVNULL, env=environment(), cwd="/")
        told = {**SETTINGS, "listen_addresses": server.LOOPBACK, "port": str(self.port), "unix_socket_directories": ""}
        options = [word for name, value in told.items() for word in ("-c", f"{name}={value}")]
        self.launch(as_user([str(programs() / "postgres"), "-D", str(data), *options]), "postgres.log", env=environment(), cwd="/")
        self.wait_until_ready(data)
        if not self.psql(f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'", "postgres"):
            self.psql(f"CREATE DATABASE {DATABASE}", "postgres")
        self.psql("SET client_min_messages = error; CREATE EXTENSION IF NOT EXISTS postgis")
        self.version = self.psql("SELECT postgis_lib_version()")

    def wait_until_ready(self, data: Path) -> None:
        wait = [str(programs() / "pg_isready"), "-h", server.LOOPBACK, "-p", str(self.port), "-t", "1"]
        for _ in range(120):
            if subprocess.run(wait, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
                return
            if self.processes[-1].poll() is not None:
                raise RuntimeError(f"PostgreSQL on {data} ended at its start; its log is {self.folder / 'postgres.log'}")
            time.sleep(0.5)
        raise RuntimeError(f"PostgreSQL on {data} does not become ready")

    def load(self, names: list[str]) -> None:
        """Makes the tables that are not there yet."""
        for name in names:
            if self.psql(f"SELECT to_regclass('{name}')"):
                continue
            self.psql("BEGIN;" + TABLE.format(name=name, csv=self.folder / f"{name}.csv") + "COMMIT;")
            self.psql(f"VACUUM (FULL, ANALYZE) {name}")

    def stop(self) -> None:
        # SIGINT ends it without waiting for those who are connected.
        for process in self.processes:
            process.send_signal(2)
        super().stop()
