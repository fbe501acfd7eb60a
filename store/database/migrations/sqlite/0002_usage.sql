-- The ledger: what was used, in single records and by the hour, and how far each node's log has been entered.

CREATE TABLE usage_records (
    entry INTEGER PRIMARY KEY AUTOINCREMENT,
    node TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    org_id BLOB NOT NULL,
    key_id BLOB NOT NULL,
    meter TEXT NOT NULL,
    units INTEGER NOT NULL CHECK (units >= 0),
    at INTEGER NOT NULL,
    request_id BLOB,
    -- A mission is charged once.
    mission_id BLOB UNIQUE,
    UNIQUE (node, epoch, seq)
) STRICT;
CREATE INDEX usage_records_of_organisation ON usage_records (org_id, entry);

CREATE TABLE usage_hours (
    org_id BLOB NOT NULL,
    key_id BLOB NOT NULL,
    meter TEXT NOT NULL,
    hour INTEGER NOT NULL,
    units INTEGER NOT NULL,
    records INTEGER NOT NULL,
    PRIMARY KEY (org_id, hour, meter, key_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage_watermarks (
    node TEXT PRIMARY KEY,
    segment INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
