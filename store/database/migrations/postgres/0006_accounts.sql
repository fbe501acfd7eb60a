-- People: accounts, organisations' members, invitations, login sessions, second factors, the keys that sign access tokens,
-- mail on its way, and the audit log. Personal fields are sealed (AES-256-GCM); secrets are stored as their SHA-256.

CREATE TABLE users (
    id UUID PRIMARY KEY,
    -- HMAC of the normalised mail address, by which an account is found; a random value once it is erased.
    email_index BYTEA NOT NULL UNIQUE CHECK (length(email_index) = 32),
    email BYTEA,
    name BYTEA,
    phone BYTEA,
    -- PHC string; none where the person logs in by other means only.
    password TEXT,
    superadmin_since BIGINT,
    created_at BIGINT NOT NULL,
    verified_at BIGINT,
    password_changed_at BIGINT,
    erased_at BIGINT
);

-- The person whose membership this row stands for: created_by, usage and idempotency work for people as for programs.
ALTER TABLE api_keys ADD COLUMN user_id UUID REFERENCES users (id);
-- The person who made a key.
ALTER TABLE api_keys ADD COLUMN created_by UUID REFERENCES users (id);

CREATE TABLE memberships (
    org_id UUID NOT NULL REFERENCES organisations (id),
    user_id UUID NOT NULL REFERENCES users (id),
    role TEXT NOT NULL CHECK (role IN ('org_admin', 'operator', 'mission_owner', 'analyst', 'viewer')),
    key_id UUID NOT NULL UNIQUE REFERENCES api_keys (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, user_id)
);
CREATE INDEX memberships_of_user ON memberships (user_id, org_id);

CREATE TABLE invitations (
    id UUID PRIMARY KEY,
    org_id UUID NOT NULL REFERENCES organisations (id),
    email_index BYTEA NOT NULL CHECK (length(email_index) = 32),
    email BYTEA NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('org_admin', 'operator', 'mission_owner', 'analyst', 'viewer')),
    token_sha256 BYTEA NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
    invited_by UUID REFERENCES users (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    accepted_at BIGINT,
    withdrawn_at BIGINT
);
CREATE INDEX invitations_of_organisation ON invitations (org_id, id);

-- From a login to its logout or end. The refresh tokens of a session are one family.
CREATE TABLE login_sessions (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    -- The organisation that the person works for in this session.
    org_id UUID REFERENCES organisations (id),
    -- How the person logged in: password, password+totp, passkey, oidc.
    method TEXT NOT NULL,
    -- The program and the address, sealed.
    client BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    revoked_why TEXT
);
CREATE INDEX login_sessions_of_user ON login_sessions (user_id, id);

CREATE TABLE refresh_tokens (
    sha256 BYTEA PRIMARY KEY CHECK (length(sha256) = 32),
    session_id UUID NOT NULL REFERENCES login_sessions (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    spent_at BIGINT,
    -- The token that followed, sealed under this one.
    successor BYTEA
);
CREATE INDEX refresh_tokens_of_session ON refresh_tokens (session_id);

-- Tokens of links in mails.
CREATE TABLE one_time_tokens (
    sha256 BYTEA PRIMARY KEY CHECK (length(sha256) = 32),
    kind TEXT NOT NULL CHECK (kind IN ('verify', 'reset', 'change_email')),
    user_id UUID NOT NULL REFERENCES users (id),
    -- What is done when it is used, sealed: the organisation to found, or the new address.
    payload BYTEA,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX one_time_tokens_of_user ON one_time_tokens (user_id, kind);

CREATE TABLE totp (
    user_id UUID PRIMARY KEY REFERENCES users (id),
    seed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    -- The step of the code that was used last: none is used twice.
    last_step BIGINT
);

CREATE TABLE recovery_codes (
    user_id UUID NOT NULL REFERENCES users (id),
    sha256 BYTEA NOT NULL CHECK (length(sha256) = 32),
    used_at BIGINT,
    PRIMARY KEY (user_id, sha256)
);

CREATE TABLE passkeys (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    credential_id BYTEA NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- Public key, counter and flags, sealed.
    passkey BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX passkeys_of_user ON passkeys (user_id, id);

-- Accounts at other identity providers.
CREATE TABLE oidc_identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id UUID NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX oidc_identities_of_user ON oidc_identities (user_id);

-- Who guesses passwords: by account (existing or not) and by client address, both as an HMAC.
CREATE TABLE login_attempts (
    subject BYTEA PRIMARY KEY CHECK (length(subject) = 32),
    failures BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL
);
CREATE INDEX login_attempts_by_age ON login_attempts (last_at);

-- Keys that sign access tokens, one generation after the other.
CREATE TABLE token_keys (
    generation BIGINT PRIMARY KEY,
    kid TEXT NOT NULL UNIQUE,
    algorithm TEXT NOT NULL,
    -- The private half, sealed.
    private_key BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    active_from BIGINT NOT NULL,
    active_until BIGINT NOT NULL,
    kept_until BIGINT NOT NULL
);

-- What waits between two steps of a login: a passkey's challenge, a journey to an identity provider. Taken once.
CREATE TABLE ceremonies (
    sha256 BYTEA PRIMARY KEY CHECK (length(sha256) = 32),
    kind TEXT NOT NULL,
    state BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX ceremonies_by_age ON ceremonies (expires_at);

CREATE TABLE mail_outbox (
    id UUID PRIMARY KEY,
    -- verify, reset, invitation, notice; a decoy is never sent.
    kind TEXT NOT NULL,
    -- Recipient, subject and text, sealed; emptied once it is sent.
    mail BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    -- When to try next; none once it is sent or given up.
    next_at BIGINT,
    sent_at BIGINT,
    given_up_at BIGINT
);
CREATE INDEX mail_outbox_due ON mail_outbox (next_at) WHERE next_at IS NOT NULL;

-- What was done, by whom, in one chain of hashes for each organisation and one (the nil id) for the installation.
CREATE TABLE audit_entries (
    chain UUID NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- usr_…, key_…, system or nobody.
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- JSON without personal data.
    details TEXT NOT NULL,
    previous BYTEA NOT NULL CHECK (length(previous) = 32),
    hash BYTEA NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (chain, seq)
);

CREATE TABLE audit_heads (
    chain UUID PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash BYTEA NOT NULL CHECK (length(hash) = 32)
);
