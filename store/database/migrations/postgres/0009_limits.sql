-- Limits that nodes share, quotas and their notices, what keys are bound to, share links, and usage that came late.

-- A token bucket: when it is full again, and when it was last found full. Not logged: what a crash takes away is a bucket that
-- is full, and no draw waits for a disk.
CREATE UNLOGGED TABLE limit_buckets (
    bucket TEXT PRIMARY KEY,
    full_at BIGINT NOT NULL,
    cleared_at BIGINT NOT NULL
);

CREATE TABLE quotas (
    org_id UUID NOT NULL REFERENCES organisations (id),
    meter TEXT NOT NULL,
    period TEXT NOT NULL CHECK (period IN ('day', 'month')),
    -- Told, and refused, beyond so many units; one of them is there.
    soft BIGINT CHECK (soft > 0),
    hard BIGINT CHECK (hard > 0),
    set_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, meter, period),
    CHECK (soft IS NOT NULL OR hard IS NOT NULL)
);

-- An organisation has reached a part of a quota: once per period.
CREATE TABLE quota_notices (
    org_id UUID NOT NULL REFERENCES organisations (id),
    meter TEXT NOT NULL,
    period TEXT NOT NULL,
    period_start BIGINT NOT NULL,
    -- 'soft' or 'hard', and 80 or 100 percent of it.
    bound TEXT NOT NULL,
    percent BIGINT NOT NULL,
    units BIGINT NOT NULL,
    used BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- When the organisation was told of it.
    told_at BIGINT,
    PRIMARY KEY (org_id, meter, period, period_start, bound, percent)
);
CREATE INDEX quota_notices_to_tell ON quota_notices (at) WHERE told_at IS NULL;

-- A JSON list of networks from which a key works; empty: from everywhere.
ALTER TABLE api_keys ADD COLUMN networks TEXT NOT NULL DEFAULT '[]';
-- The key that takes its place.
ALTER TABLE api_keys ADD COLUMN replaced_by UUID;

CREATE TABLE share_links (
    id UUID PRIMARY KEY,
    org_id UUID NOT NULL REFERENCES organisations (id),
    mission_id UUID NOT NULL REFERENCES missions (id),
    -- Its owner answers and pays for what is read.
    created_by UUID NOT NULL REFERENCES api_keys (id),
    name TEXT NOT NULL,
    hint TEXT NOT NULL,
    sha256 BYTEA NOT NULL UNIQUE CHECK (length(sha256) = 32),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    last_used_at BIGINT
);
CREATE INDEX share_links_of_mission ON share_links (mission_id, id);

-- Usage whose hour was closed when it came: it belongs to the invoice of the month in which it was entered, and no sum of an
-- hour is ever written again.
CREATE TABLE usage_late (
    org_id UUID NOT NULL,
    entered_hour BIGINT NOT NULL,
    meter TEXT NOT NULL,
    key_id UUID NOT NULL,
    -- When it was used.
    hour BIGINT NOT NULL,
    units BIGINT NOT NULL,
    records BIGINT NOT NULL,
    PRIMARY KEY (org_id, entered_hour, meter, key_id, hour)
);

-- All usage by the hour of its use, in time or late: what bills and totals are made from.
CREATE VIEW usage_all AS
SELECT org_id, key_id, meter, hour, units, records FROM usage_hours
UNION ALL
SELECT org_id, key_id, meter, hour, units, records FROM usage_late;
