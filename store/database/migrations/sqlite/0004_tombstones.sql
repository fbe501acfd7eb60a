-- Features of withdrawn missions by their ids, for whoever copies features and asks what changed; kept for a while.

CREATE TABLE tombstones (
    org_id BLOB NOT NULL REFERENCES organisations (id),
    -- 0 search area, 1 datum.
    kind INTEGER NOT NULL,
    withdrawn_at INTEGER NOT NULL,
    run_seq INTEGER NOT NULL,
    row INTEGER NOT NULL,
    id TEXT NOT NULL,
    mission_id BLOB NOT NULL,
    run_id BLOB NOT NULL,
    PRIMARY KEY (org_id, kind, withdrawn_at, run_seq, row)
) STRICT, WITHOUT ROWID;
