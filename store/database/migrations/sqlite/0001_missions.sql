-- Organisations, their keys, missions with their jobs, published runs and features.
-- Ids are 16 bytes of UUIDv7, times are microseconds since 1970 UTC, JSON is text.

CREATE TABLE organisations (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    -- Grows whenever what the organisation sees of missions and runs changes.
    content_version INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE api_keys (
    id BLOB PRIMARY KEY,
    org_id BLOB NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    hint TEXT NOT NULL,
    sha256 BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    last_used_at INTEGER
) STRICT;
CREATE INDEX api_keys_of_organisation ON api_keys (org_id, id);

CREATE TABLE missions (
    id BLOB PRIMARY KEY,
    org_id BLOB NOT NULL REFERENCES organisations (id),
    created_by BLOB NOT NULL REFERENCES api_keys (id),
    job_id BLOB NOT NULL,
    -- The name in lower case, for search beyond ASCII.
    search TEXT NOT NULL,
    spec TEXT NOT NULL,
    warnings TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
    progress REAL NOT NULL DEFAULT 0,
    stage TEXT NOT NULL,
    error TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    completed_at INTEGER,
    valid_until INTEGER,
    run_id BLOB,
    -- A withdrawn mission stays as a tombstone that no query shows.
    withdrawn_at INTEGER
) STRICT;
CREATE INDEX missions_newest_first ON missions (org_id, id) WHERE withdrawn_at IS NULL;

CREATE TABLE idempotency (
    org_id BLOB NOT NULL REFERENCES organisations (id),
    key TEXT NOT NULL,
    body_sha256 BLOB NOT NULL CHECK (length(body_sha256) = 32),
    mission_id BLOB NOT NULL REFERENCES missions (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (created_at);

CREATE TABLE jobs (
    id BLOB PRIMARY KEY,
    mission_id BLOB NOT NULL UNIQUE REFERENCES missions (id),
    org_id BLOB NOT NULL REFERENCES organisations (id),
    -- 0 urgent, 1 normal, 2 low.
    priority INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'leased', 'done', 'failed', 'cancelled')),
    created_at INTEGER NOT NULL,
    run_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    -- Grows with every lease; only the holder of the newest may write.
    token INTEGER NOT NULL DEFAULT 0,
    worker TEXT,
    lease_until INTEGER
) STRICT;
CREATE INDEX jobs_in_turn ON jobs (priority, created_at, id) WHERE state IN ('queued', 'leased');

CREATE TABLE runs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    mission_id BLOB NOT NULL REFERENCES missions (id),
    org_id BLOB NOT NULL REFERENCES organisations (id),
    published_at INTEGER NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_until INTEGER NOT NULL,
    west REAL NOT NULL,
    south REAL NOT NULL,
    east REAL NOT NULL,
    north REAL NOT NULL,
    summary TEXT NOT NULL,
    withdrawn_at INTEGER
) STRICT;
CREATE INDEX runs_in_order ON runs (org_id, seq) WHERE withdrawn_at IS NULL;
CREATE INDEX runs_of_mission ON runs (mission_id, seq);

CREATE TABLE features (
    run_seq INTEGER NOT NULL REFERENCES runs (seq),
    row INTEGER NOT NULL,
    org_id BLOB NOT NULL REFERENCES organisations (id),
    -- 0 search area, 1 datum.
    kind INTEGER NOT NULL,
    mission_id BLOB NOT NULL REFERENCES missions (id),
    run_id BLOB NOT NULL,
    id TEXT NOT NULL,
    valid_time INTEGER NOT NULL,
    level REAL,
    west REAL NOT NULL,
    south REAL NOT NULL,
    east REAL NOT NULL,
    north REAL NOT NULL,
    geometry TEXT NOT NULL,
    properties TEXT NOT NULL,
    PRIMARY KEY (run_seq, row)
) STRICT;
CREATE UNIQUE INDEX features_by_id ON features (org_id, kind, id);
-- Both carry every column that a filter looks at, so that a page reads only the geometries it returns.
CREATE INDEX features_in_order ON features (org_id, kind, run_seq, row, valid_time, west, south, east, north);
CREATE INDEX features_of_mission
ON features (mission_id, kind, org_id, run_seq, row, valid_time, west, south, east, north);
