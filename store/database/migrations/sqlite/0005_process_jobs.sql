-- OGC API Processes: when work on a mission began, how its results were asked for, and whom to tell.

ALTER TABLE jobs ADD COLUMN started_at INTEGER;

CREATE TABLE process_jobs (
    mission_id BLOB PRIMARY KEY REFERENCES missions (id),
    org_id BLOB NOT NULL REFERENCES organisations (id),
    -- Identifier of the process that was executed; a mission without a row was submitted as a mission.
    process TEXT NOT NULL,
    -- How the results were asked for, JSON.
    request TEXT NOT NULL,
    success_uri TEXT,
    in_progress_uri TEXT,
    failed_uri TEXT,
    progress_told INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    -- When to try next to tell the subscriber; none where nothing is left to tell.
    next_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX process_jobs_to_tell ON process_jobs (next_at) WHERE next_at IS NOT NULL;
