-- People: accounts, organisations' members, invitations, login sessions, second factors, the keys that sign access tokens,
-- mail on its way, and the audit log. Personal fields are sealed (AES-256-GCM); secrets are stored as their SHA-256.

CREATE TABLE users (
    id BLOB PRIMARY KEY,
    -- HMAC of the normalised mail address, by which an account is found; a random value once it is erased.
    email_index BLOB NOT NULL UNIQUE CHECK (length(email_index) = 32),
    email BLOB,
    name BLOB,
    phone BLOB,
    -- PHC string; none where the person logs in by other means only.
    password TEXT,
    superadmin_since INTEGER,
    created_at INTEGER NOT NULL,
    verified_at INTEGER,
    password_changed_at INTEGER,
    erased_at INTEGER
) STRICT;

-- The person whose membership this row stands for: created_by, usage and idempotency work for people as for programs.
ALTER TABLE api_keys ADD COLUMN user_id BLOB REFERENCES users (id);
-- The person who made a key.
ALTER TABLE api_keys ADD COLUMN created_by BLOB REFERENCES users (id);

CREATE TABLE memberships (
    org_id BLOB NOT NULL REFERENCES organisations (id),
    user_id BLOB NOT NULL REFERENCES users (id),
    role TEXT NOT NULL CHECK (role IN ('org_admin', 'operator', 'mission_owner', 'analyst', 'viewer')),
    key_id BLOB NOT NULL UNIQUE REFERENCES api_keys (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (org_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships_of_user ON memberships (user_id, org_id);

CREATE TABLE invitations (
    id BLOB PRIMARY KEY,
    org_id BLOB NOT NULL REFERENCES organisations (id),
    email_index BLOB NOT NULL CHECK (length(email_index) = 32),
    email BLOB NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('org_admin', 'operator', 'mission_owner', 'analyst', 'viewer')),
    token_sha256 BLOB NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
    invited_by BLOB REFERENCES users (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    accepted_at INTEGER,
    withdrawn_at INTEGER
) STRICT;
CREATE INDEX invitations_of_organisation ON invitations (org_id, id);

-- From a login to its logout or end. The refresh tokens of a session are one family.
CREATE TABLE login_sessions (
    id BLOB PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    -- The organisation that the person works for in this session.
    org_id BLOB REFERENCES organisations (id),
    -- How the person logged in: password, password+totp, passkey, oidc.
    method TEXT NOT NULL,
    -- The program and the address, sealed.
    client BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    revoked_why TEXT
) STRICT;
CREATE INDEX login_sessions_of_user ON login_sessions (user_id, id);

CREATE TABLE refresh_tokens (
    sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    session_id BLOB NOT NULL REFERENCES login_sessions (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    spent_at INTEGER,
    -- The token that followed, sealed under this one.
    successor BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_of_session ON refresh_tokens (session_id);

-- Tokens of links in mails.
CREATE TABLE one_time_tokens (
    sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    kind TEXT NOT NULL CHECK (kind IN ('verify', 'reset', 'change_email')),
    user_id BLOB NOT NULL REFERENCES users (id),
    -- What is done when it is used, sealed: the organisation to found, or the new address.
    payload BLOB,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX one_time_tokens_of_user ON one_time_tokens (user_id, kind);

CREATE TABLE totp (
    user_id BLOB PRIMARY KEY REFERENCES users (id),
    seed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    confirmed_at INTEGER,
    -- The step of the code that was used last: none is used twice.
    last_step INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_codes (
    user_id BLOB NOT NULL REFERENCES users (id),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    used_at INTEGER,
    PRIMARY KEY (user_id, sha256)
) STRICT, WITHOUT ROWID;

CREATE TABLE passkeys (
    id BLOB PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    credential_id BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- Public key, counter and flags, sealed.
    passkey BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT;
CREATE INDEX passkeys_of_user ON passkeys (user_id, id);

-- Accounts at other identity providers.
CREATE TABLE oidc_identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX oidc_identities_of_user ON oidc_identities (user_id);

-- Who guesses passwords: by account (existing or not) and by client address, both as an HMAC.
CREATE TABLE login_attempts (
    subject BLOB PRIMARY KEY CHECK (length(subject) = 32),
    failures INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    blocked_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_attempts_by_age ON login_attempts (last_at);

-- Keys that sign access tokens, one generation after the other.
CREATE TABLE token_keys (
    generation INTEGER PRIMARY KEY,
    kid TEXT NOT NULL UNIQUE,
    algorithm TEXT NOT NULL,
    -- The private half, sealed.
    private_key BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    active_from INTEGER NOT NULL,
    active_until INTEGER NOT NULL,
    kept_until INTEGER NOT NULL
) STRICT;

-- What waits between two steps of a login: a passkey's challenge, a journey to an identity provider. Taken once.
CREATE TABLE ceremonies (
    sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    kind TEXT NOT NULL,
    state BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX ceremonies_by_age ON ceremonies (expires_at);

CREATE TABLE mail_outbox (
    id BLOB PRIMARY KEY,
    -- verify, reset, invitation, notice; a decoy is never sent.
    kind TEXT NOT NULL,
    -- Recipient, subject and text, sealed; emptied once it is sent.
    mail BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    -- When to try next; none once it is sent or given up.
    next_at INTEGER,
    sent_at INTEGER,
    given_up_at INTEGER
) STRICT;
CREATE INDEX mail_outbox_due ON mail_outbox (next_at) WHERE next_at IS NOT NULL;

-- What was done, by whom, in one chain of hashes for each organisation and one (the nil id) for the installation.
CREATE TABLE audit_entries (
    chain BLOB NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    -- usr_…, key_…, system or nobody.
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- JSON without personal data.
    details TEXT NOT NULL,
    previous BLOB NOT NULL CHECK (length(previous) = 32),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (chain, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_heads (
    chain BLOB PRIMARY KEY,
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT, WITHOUT ROWID;
