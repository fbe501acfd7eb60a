-- Credentials that may stand in a web page: publishable keys, bound to the origins of pages, and signed links.

ALTER TABLE api_keys ADD COLUMN kind TEXT NOT NULL DEFAULT 'secret' CHECK (kind IN ('secret', 'publishable'));
-- A JSON list of origins or patterns of them; empty for secret keys.
ALTER TABLE api_keys ADD COLUMN origins TEXT NOT NULL DEFAULT '[]';
CREATE INDEX api_keys_publishable ON api_keys (id) WHERE kind = 'publishable' AND revoked_at IS NULL;

-- What the nodes of an installation sign with and nobody else knows.
CREATE TABLE signing_secrets (
    name TEXT PRIMARY KEY,
    secret BYTEA NOT NULL CHECK (length(secret) = 32),
    created_at BIGINT NOT NULL
);
