-- The queue: fair share between organisations, time to live, dead letters, two stages of work, and a switch to stop it.

-- Start of the job in its organisation's virtual time (start-time fair queueing): the order within a priority.
ALTER TABLE jobs ADD COLUMN virtual_start INTEGER NOT NULL DEFAULT 0;
-- A job that has waited until then is not computed any more; none for a distress mission.
ALTER TABLE jobs ADD COLUMN expires_at INTEGER;
-- When it was given up: it waits for a person.
ALTER TABLE jobs ADD COLUMN dead_at INTEGER;
-- What the last attempt met, for operators.
ALTER TABLE jobs ADD COLUMN error TEXT;
-- Start of the present attempt.
ALTER TABLE jobs ADD COLUMN attempt_at INTEGER;
-- What is to be done next: the simulation, or with what it left behind the products.
ALTER TABLE jobs ADD COLUMN stage TEXT NOT NULL DEFAULT 'simulate' CHECK (stage IN ('simulate', 'results'));
-- What the simulation left behind, JSON.
ALTER TABLE jobs ADD COLUMN handed_over TEXT;

DROP INDEX jobs_in_turn;
CREATE INDEX jobs_to_lease ON jobs (priority, virtual_start, id) WHERE state = 'queued';
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state = 'leased';
CREATE INDEX jobs_at_work ON jobs (org_id, priority) WHERE state IN ('queued', 'leased');
CREATE INDEX jobs_dead ON jobs (dead_at) WHERE dead_at IS NOT NULL;

-- How far each organisation is in its virtual time, by priority.
CREATE TABLE queue_shares (
    org_id BLOB NOT NULL REFERENCES organisations (id),
    priority INTEGER NOT NULL,
    -- End of what it has asked for, and start of its job that was leased last.
    finish INTEGER NOT NULL,
    served INTEGER NOT NULL,
    PRIMARY KEY (org_id, priority)
) STRICT, WITHOUT ROWID;
CREATE INDEX queue_shares_served ON queue_shares (priority, served);

-- Share of the queue beside others' 100.
ALTER TABLE organisations ADD COLUMN queue_weight INTEGER NOT NULL DEFAULT 100 CHECK (queue_weight > 0);
-- Urgent missions at once; further ones wait with the normal ones, distress missions never.
ALTER TABLE organisations ADD COLUMN urgent_at_once INTEGER NOT NULL DEFAULT 10 CHECK (urgent_at_once >= 0);

-- While it has a row, no job is leased: an operator drains the queue.
CREATE TABLE queue_pause (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    since INTEGER NOT NULL
) STRICT;

-- Tickets for one WebSocket each: their SHA-256, and under whose key it is opened.
CREATE TABLE stream_tickets (
    sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    org_id BLOB NOT NULL REFERENCES organisations (id),
    key_id BLOB NOT NULL REFERENCES api_keys (id),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX stream_tickets_by_age ON stream_tickets (expires_at);
