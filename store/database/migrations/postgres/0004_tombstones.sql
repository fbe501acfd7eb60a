-- Features of withdrawn missions by their ids, for whoever copies features and asks what changed; kept for a while.

CREATE TABLE tombstones (
    org_id UUID NOT NULL REFERENCES organisations (id),
    -- 0 search area, 1 datum.
    kind BIGINT NOT NULL,
    withdrawn_at BIGINT NOT NULL,
    run_seq BIGINT NOT NULL,
    row BIGINT NOT NULL,
    id TEXT NOT NULL,
    mission_id UUID NOT NULL,
    run_id UUID NOT NULL,
    PRIMARY KEY (org_id, kind, withdrawn_at, run_seq, row)
);
