-- Casework: what follows a conversation, what is told of it, and to whom.
-- The rules of 0001 and 0002 hold.

-- `record` is the whole of it as JSON; the columns beside it are what it is found by. A record that is closed has neither
-- `due_at` nor `wake_at`.
CREATE TABLE records (
    tenant TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    id BYTEA NOT NULL,
    version BIGINT NOT NULL,
    client TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    open BIGINT NOT NULL,
    agent TEXT COLLATE "C",
    customer BYTEA,
    number BIGINT,
    key TEXT COLLATE "C",
    at BIGINT NOT NULL,
    due_at BIGINT,
    wake_at BIGINT,
    record TEXT NOT NULL,
    PRIMARY KEY (tenant, kind, id)
);

CREATE UNIQUE INDEX records_by_key ON records (tenant, kind, key) WHERE key IS NOT NULL;
CREATE INDEX records_by_time ON records (tenant, kind, at, id);
CREATE INDEX records_by_client ON records (tenant, kind, client, at, id);
CREATE INDEX records_by_agent ON records (tenant, kind, agent, at, id) WHERE agent IS NOT NULL;
CREATE INDEX records_by_number ON records (tenant, kind, number, at, id) WHERE number IS NOT NULL;
CREATE INDEX records_by_customer ON records (tenant, customer, kind, at, id) WHERE customer IS NOT NULL;
CREATE INDEX records_open ON records (tenant, kind, at, id, state, due_at, client, open) WHERE open = 1;
CREATE INDEX records_open_of_customer ON records (tenant, customer, at, kind, id, open) WHERE open = 1 AND customer IS NOT NULL;
CREATE INDEX records_due ON records (tenant, kind, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX records_to_wake ON records (wake_at, tenant, kind, id) WHERE wake_at IS NOT NULL;

-- One that was merged into another or erased has no key, no names and no numbers here: it is found by its id alone.
CREATE TABLE customers (
    tenant TEXT COLLATE "C" NOT NULL,
    id BYTEA NOT NULL,
    version BIGINT NOT NULL,
    client TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C",
    merged_into BYTEA,
    record TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
);

CREATE UNIQUE INDEX customers_by_key ON customers (tenant, client, key) WHERE key IS NOT NULL;
CREATE INDEX customers_merged ON customers (tenant, merged_into, id) WHERE merged_into IS NOT NULL;
CREATE INDEX customers_by_client ON customers (tenant, client, id);

CREATE TABLE customer_numbers (
    tenant TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    client TEXT COLLATE "C" NOT NULL,
    customer BYTEA NOT NULL,
    PRIMARY KEY (tenant, number, client, customer)
);

-- A name in lower case and without accents, once from each of its words to the end; `word` counts those before it.
CREATE TABLE customer_names (
    tenant TEXT COLLATE "C" NOT NULL,
    client TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    customer BYTEA NOT NULL,
    word BIGINT NOT NULL,
    PRIMARY KEY (tenant, client, name, customer)
);

-- Together by customer and time: a page of them is read from one place.
CREATE TABLE interactions (
    tenant TEXT COLLATE "C" NOT NULL,
    customer BYTEA NOT NULL,
    at BIGINT NOT NULL,
    subject BYTEA NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    agent TEXT COLLATE "C",
    summary TEXT NOT NULL,
    PRIMARY KEY (tenant, customer, at, subject, kind)
);

CREATE TABLE agenda (
    tenant TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    id BYTEA NOT NULL,
    line BIGINT NOT NULL,
    client TEXT COLLATE "C" NOT NULL,
    agent TEXT COLLATE "C",
    department TEXT COLLATE "C",
    due_at BIGINT NOT NULL,
    title TEXT NOT NULL,
    PRIMARY KEY (tenant, kind, id, line)
);

CREATE INDEX agenda_of_agents ON agenda (tenant, agent, due_at) WHERE agent IS NOT NULL;
CREATE INDEX agenda_of_departments ON agenda (tenant, department, due_at) WHERE agent IS NULL AND department IS NOT NULL;
CREATE INDEX agenda_of_anybody ON agenda (tenant, client, due_at) WHERE agent IS NULL AND department IS NULL;

-- What happened, counted for each tenant from 1 without a gap.
CREATE TABLE events (
    tenant TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    client TEXT COLLATE "C",
    at BIGINT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (tenant, seq)
);

CREATE UNIQUE INDEX events_by_id ON events (tenant, id);

CREATE TABLE event_heads (
    tenant TEXT COLLATE "C" PRIMARY KEY,
    seq BIGINT NOT NULL
);

-- How far a reader of the events has come.
CREATE TABLE event_cursors (
    tenant TEXT COLLATE "C" NOT NULL,
    reader TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (tenant, reader)
);

-- Mail to send. What was sent keeps its id alone, so that it is not sent again.
CREATE TABLE mails (
    tenant TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    mail TEXT NOT NULL,
    queued_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    next_at BIGINT,
    error TEXT NOT NULL DEFAULT '',
    sent_at BIGINT,
    PRIMARY KEY (tenant, id)
);

CREATE INDEX mails_waiting ON mails (next_at, tenant, id) WHERE next_at IS NOT NULL;
CREATE INDEX mails_sent ON mails (sent_at) WHERE sent_at IS NOT NULL;

-- Up to where a webhook's events are settled: delivered, held back or dead.
CREATE TABLE webhooks (
    tenant TEXT COLLATE "C" NOT NULL,
    webhook TEXT COLLATE "C" NOT NULL,
    settled BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    failing_since BIGINT,
    next_at BIGINT,
    error TEXT NOT NULL,
    PRIMARY KEY (tenant, webhook)
);

-- Events whose subject waits for an earlier one to be delivered, and that one.
CREATE TABLE webhook_held (
    tenant TEXT COLLATE "C" NOT NULL,
    webhook TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    event TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    since BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    error TEXT NOT NULL,
    PRIMARY KEY (tenant, webhook, seq)
);

-- What could not be told. `channel` is webhook or mail, `target` the webhook's id or empty.
CREATE TABLE dead_letters (
    tenant TEXT COLLATE "C" NOT NULL,
    channel TEXT COLLATE "C" NOT NULL,
    target TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    error TEXT NOT NULL,
    letter TEXT NOT NULL,
    PRIMARY KEY (tenant, channel, target, id)
);

CREATE INDEX dead_letters_by_time ON dead_letters (tenant, at, channel, target, id);
