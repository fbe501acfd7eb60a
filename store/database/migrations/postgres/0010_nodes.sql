-- Which process serves under which node's name, for processes that share a server; and what counts missions by outcome.

CREATE TABLE nodes (
    name TEXT PRIMARY KEY,
    -- The data directory that the process keeps its usage log in: another process on it is this one's successor.
    home UUID NOT NULL,
    process UUID NOT NULL,
    roles TEXT NOT NULL,
    claimed_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);

CREATE INDEX missions_by_status ON missions (status);
