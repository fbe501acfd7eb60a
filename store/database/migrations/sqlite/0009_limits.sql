-- Limits that nodes share, quotas and their notices, what keys are bound to, share links, and usage that came late.

-- A token bucket: when it is full again, and when it was last found full.
CREATE TABLE limit_buckets (
    bucket TEXT PRIMARY KEY,
    full_at INTEGER NOT NULL,
    cleared_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE quotas (
    org_id BLOB NOT NULL REFERENCES organisations (id),
    meter TEXT NOT NULL,
    period TEXT NOT NULL CHECK (period IN ('day', 'month')),
    -- Told, and refused, beyond so many units; one of them is there.
    soft INTEGER CHECK (soft > 0),
    hard INTEGER CHECK (hard > 0),
    set_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, meter, period),
    CHECK (soft IS NOT NULL OR hard IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- An organisation has reached a part of a quota: once per period.
CREATE TABLE quota_notices (
    org_id BLOB NOT NULL REFERENCES organisations (id),
    meter TEXT NOT NULL,
    period TEXT NOT NULL,
    period_start INTEGER NOT NULL,
    -- 'soft' or 'hard', and 80 or 100 percent of it.
    bound TEXT NOT NULL,
    percent INTEGER NOT NULL,
    units INTEGER NOT NULL,
    used INTEGER NOT NULL,
    at INTEGER NOT NULL,
    -- When the organisation was told of it.
    told_at INTEGER,
    PRIMARY KEY (org_id, meter, period, period_start, bound, percent)
) STRICT, WITHOUT ROWID;
CREATE INDEX quota_notices_to_tell ON quota_notices (at) WHERE told_at IS NULL;

-- A JSON list of networks from which a key works; empty: from everywhere.
ALTER TABLE api_keys ADD COLUMN networks TEXT NOT NULL DEFAULT '[]';
-- The key that takes its place.
ALTER TABLE api_keys ADD COLUMN replaced_by BLOB;

CREATE TABLE share_links (
    id BLOB PRIMARY KEY,
    org_id BLOB NOT NULL REFERENCES organisations (id),
    mission_id BLOB NOT NULL REFERENCES missions (id),
    -- Its owner answers and pays for what is read.
    created_by BLOB NOT NULL REFERENCES api_keys (id),
    name TEXT NOT NULL,
    hint TEXT NOT NULL,
    sha256 BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    last_used_at INTEGER
) STRICT;
CREATE INDEX share_links_of_mission ON share_links (mission_id, id);

-- Usage whose hour was closed when it came: it belongs to the invoice of the month in which it was entered, and no sum of an
-- hour is ever written again.
CREATE TABLE usage_late (
    org_id BLOB NOT NULL,
    entered_hour INTEGER NOT NULL,
    meter TEXT NOT NULL,
    key_id BLOB NOT NULL,
    -- When it was used.
    hour INTEGER NOT NULL,
    units INTEGER NOT NULL,
    records INTEGER NOT NULL,
    PRIMARY KEY (org_id, entered_hour, meter, key_id, hour)
) STRICT, WITHOUT ROWID;

-- All usage by the hour of its use, in time or late: what bills and totals are made from.
CREATE VIEW usage_all AS
SELECT org_id, key_id, meter, hour, units, records FROM usage_hours
UNION ALL
SELECT org_id, key_id, meter, hour, units, records FROM usage_late;
