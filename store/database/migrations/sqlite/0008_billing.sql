-- Billing: plans and who has which, prepaid credit as a ledger, closed invoices that nobody rewrites, and what Stripe was told.
-- Money is whole minor units of a currency, tax rates are hundredths of a percent.

CREATE TABLE billing_plans (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    -- A plan is never changed: another version of its name takes its place.
    version INTEGER NOT NULL,
    -- Prices and what is included, JSON.
    terms TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (name, version)
) STRICT;

CREATE TABLE billing_accounts (
    org_id BLOB PRIMARY KEY REFERENCES organisations (id),
    -- Name, address, country, VAT id, mail address, tax: JSON.
    details TEXT NOT NULL,
    stripe_customer TEXT UNIQUE,
    payment_method TEXT,
    -- The payment method that Stripe was told to use.
    payment_method_told TEXT,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE billing_subscriptions (
    id BLOB PRIMARY KEY,
    org_id BLOB NOT NULL REFERENCES organisations (id),
    plan_id BLOB NOT NULL REFERENCES billing_plans (id),
    starts_at INTEGER NOT NULL,
    ends_at INTEGER,
    stripe_subscription TEXT UNIQUE,
    stripe_status TEXT,
    -- When Stripe made the newest event that was heeded, seconds: events come in any order.
    stripe_event_s INTEGER NOT NULL DEFAULT 0,
    UNIQUE (org_id, starts_at)
) STRICT;

-- The sum of an organisation's entries, kept beside them so that one condition guards it.
CREATE TABLE credit_balances (
    org_id BLOB PRIMARY KEY REFERENCES organisations (id),
    units INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE credit_entries (
    entry INTEGER PRIMARY KEY AUTOINCREMENT,
    org_id BLOB NOT NULL REFERENCES organisations (id),
    kind TEXT NOT NULL CHECK (kind IN ('grant', 'reserve', 'release', 'charge')),
    units INTEGER NOT NULL,
    at INTEGER NOT NULL,
    mission_id BLOB,
    -- A mission that failed and is tried again reserves anew: 1, 2, ….
    turn INTEGER,
    -- What a grant is for; the same reference grants once.
    reference TEXT,
    UNIQUE (mission_id, turn, kind),
    UNIQUE (org_id, reference)
) STRICT;
CREATE INDEX credit_entries_of_organisation ON credit_entries (org_id, entry);
CREATE INDEX credit_charges ON credit_entries (org_id, at) WHERE kind = 'charge';

-- Numbers without gaps.
CREATE TABLE billing_numbers (
    name TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE invoices (
    id BLOB PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    org_id BLOB NOT NULL REFERENCES organisations (id),
    period_from INTEGER NOT NULL,
    period_until INTEGER NOT NULL,
    closed_at INTEGER NOT NULL,
    currency TEXT NOT NULL,
    total_minor INTEGER NOT NULL,
    -- Seller, buyer, terms, lines, tax and sums as they were, JSON.
    document TEXT NOT NULL,
    UNIQUE (org_id, period_from)
) STRICT;

-- What of the usage is on an invoice: late usage is what is missing here.
CREATE TABLE invoice_usage (
    invoice_id BLOB NOT NULL REFERENCES invoices (id),
    org_id BLOB NOT NULL,
    meter TEXT NOT NULL,
    -- The month in which it was used.
    period_from INTEGER NOT NULL,
    units INTEGER NOT NULL,
    PRIMARY KEY (org_id, period_from, meter, invoice_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER invoices_are_final_on_update BEFORE UPDATE ON invoices
BEGIN SELECT RAISE(ABORT, 'a closed invoice is never changed'); END;
CREATE TRIGGER invoices_are_final_on_delete BEFORE DELETE ON invoices
BEGIN SELECT RAISE(ABORT, 'a closed invoice is never changed'); END;
CREATE TRIGGER invoice_usage_is_final_on_update BEFORE UPDATE ON invoice_usage
BEGIN SELECT RAISE(ABORT, 'a closed invoice is never changed'); END;
CREATE TRIGGER invoice_usage_is_final_on_delete BEFORE DELETE ON invoice_usage
BEGIN SELECT RAISE(ABORT, 'a closed invoice is never changed'); END;

CREATE TABLE stripe_meters (
    meter TEXT PRIMARY KEY,
    event_name TEXT NOT NULL,
    stripe_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Differences of hourly usage on their way to Stripe, in the order of their making.
CREATE TABLE stripe_outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    org_id BLOB NOT NULL,
    meter TEXT NOT NULL,
    hour INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    units INTEGER NOT NULL CHECK (units > 0),
    -- When Stripe is told that it was used.
    at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'refused')),
    attempts INTEGER NOT NULL DEFAULT 0,
    -- Since when this identifier has been sent, and when last; none before the first attempt.
    first_sent_at INTEGER,
    last_sent_at INTEGER,
    next_at INTEGER NOT NULL,
    lease_until INTEGER,
    problem TEXT,
    UNIQUE (org_id, meter, hour, revision)
) STRICT;
CREATE INDEX stripe_outbox_waiting ON stripe_outbox (org_id, meter, position) WHERE state = 'waiting';

-- Webhooks that were heeded: each counts once.
CREATE TABLE stripe_events (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    received_at INTEGER NOT NULL
) STRICT;

CREATE TABLE stripe_invoices (
    id TEXT PRIMARY KEY,
    org_id BLOB NOT NULL REFERENCES organisations (id),
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    due_minor INTEGER NOT NULL,
    paid_minor INTEGER NOT NULL,
    stripe_event_s INTEGER NOT NULL
) STRICT;
CREATE INDEX stripe_invoices_of_organisation ON stripe_invoices (org_id, id);
