-- Which process serves under which node's name, for processes that share a server; and what counts missions by outcome.

CREATE TABLE nodes (
    name TEXT PRIMARY KEY,
    -- The data directory that the process keeps its usage log in: another process on it is this one's successor.
    home BLOB NOT NULL,
    process BLOB NOT NULL,
    roles TEXT NOT NULL,
    claimed_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX missions_by_status ON missions (status);
