-- Records of usage whose hour has no room for them in 64 bits, payment methods as Stripe tells of them, what is personal of who
-- pays, since when a subscription is at Stripe, and when this database was restored from a backup.

-- Never in the ledger and never lost: an operator looks at them.
CREATE TABLE usage_set_aside (
    node TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    org_id UUID NOT NULL,
    key_id UUID NOT NULL,
    meter TEXT NOT NULL,
    units BIGINT NOT NULL CHECK (units >= 0),
    at BIGINT NOT NULL,
    request_id UUID,
    mission_id UUID,
    set_aside_at BIGINT NOT NULL,
    PRIMARY KEY (node, epoch, seq)
);

-- A method that was detached stays known: news of its attachment may come later.
CREATE TABLE stripe_payment_methods (
    method TEXT PRIMARY KEY,
    customer TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('attached', 'detached')),
    -- When Stripe made the newest event of it, seconds.
    stripe_event_s BIGINT NOT NULL
);
INSERT INTO stripe_payment_methods (method, customer, state, stripe_event_s)
SELECT payment_method, min(coalesce(stripe_customer, '')), 'attached', 0
FROM billing_accounts WHERE payment_method IS NOT NULL GROUP BY payment_method;

-- Name, address, VAT number and mail address, sealed under the master key; the rest stays in details.
ALTER TABLE billing_accounts ADD COLUMN sealed BYTEA;

-- Usage counts in a subscription from its start at Stripe on.
ALTER TABLE billing_subscriptions ADD COLUMN stripe_since BIGINT;

CREATE TABLE restores (
    restored_at BIGINT PRIMARY KEY
);
