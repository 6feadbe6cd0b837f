-- Casework: what follows a conversation, what is told of it, and to whom.
-- The rules of 0001 and 0002 hold.

-- `record` is the whole of it as JSON; the columns beside it are what it is found by. A record that is closed has neither
-- `due_at` nor `wake_at`.
CREATE TABLE records (
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,
    id BLOB NOT NULL,
    version INTEGER NOT NULL,
    client TEXT NOT NULL,
    state TEXT NOT NULL,
    open INTEGER NOT NULL,
    agent TEXT,
    customer BLOB,
    number INTEGER,
    key TEXT,
    at INTEGER NOT NULL,
    due_at INTEGER,
    wake_at INTEGER,
    record TEXT NOT NULL,
    PRIMARY KEY (tenant, kind, id)
) STRICT, WITHOUT ROWID;

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
    tenant TEXT NOT NULL,
    id BLOB NOT NULL,
    version INTEGER NOT NULL,
    client TEXT NOT NULL,
    key TEXT,
    merged_into BLOB,
    record TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX customers_by_key ON customers (tenant, client, key) WHERE key IS NOT NULL;
CREATE INDEX customers_merged ON customers (tenant, merged_into, id) WHERE merged_into IS NOT NULL;
CREATE INDEX customers_by_client ON customers (tenant, client, id);

CREATE TABLE customer_numbers (
    tenant TEXT NOT NULL,
    number INTEGER NOT NULL,
    client TEXT NOT NULL,
    customer BLOB NOT NULL,
    PRIMARY KEY (tenant, number, client, customer)
) STRICT, WITHOUT ROWID;

-- A name in lower case and without accents, once from each of its words to the end; `word` counts those before it.
CREATE TABLE customer_names (
    tenant TEXT NOT NULL,
    client TEXT NOT NULL,
    name TEXT NOT NULL,
    customer BLOB NOT NULL,
    word INTEGER NOT NULL,
    PRIMARY KEY (tenant, client, name, customer)
) STRICT, WITHOUT ROWID;

-- Together by customer and time: a page of them is read from one place.
CREATE TABLE interactions (
    tenant TEXT NOT NULL,
    customer BLOB NOT NULL,
    at INTEGER NOT NULL,
    subject BLOB NOT NULL,
    kind TEXT NOT NULL,
    agent TEXT,
    summary TEXT NOT NULL,
    PRIMARY KEY (tenant, customer, at, subject, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE agenda (
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,
    id BLOB NOT NULL,
    line INTEGER NOT NULL,
    client TEXT NOT NULL,
    agent TEXT,
    department TEXT,
    due_at INTEGER NOT NULL,
    title TEXT NOT NULL,
    PRIMARY KEY (tenant, kind, id, line)
) STRICT, WITHOUT ROWID;

CREATE INDEX agenda_of_agents ON agenda (tenant, agent, due_at) WHERE agent IS NOT NULL;
CREATE INDEX agenda_of_departments ON agenda (tenant, department, due_at) WHERE agent IS NULL AND department IS NOT NULL;
CREATE INDEX agenda_of_anybody ON agenda (tenant, client, due_at) WHERE agent IS NULL AND department IS NULL;

-- What happened, counted for each tenant from 1 without a gap.
CREATE TABLE events (
    tenant TEXT NOT NULL,
    seq INTEGER NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    client TEXT,
    at INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (tenant, seq)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX events_by_id ON events (tenant, id);

CREATE TABLE event_heads (
    tenant TEXT PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How far a reader of the events has come.
CREATE TABLE event_cursors (
    tenant TEXT NOT NULL,
    reader TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (tenant, reader)
) STRICT, WITHOUT ROWID;

-- Mail to send. What was sent keeps its id alone, so that it is not sent again.
CREATE TABLE mails (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    mail TEXT NOT NULL,
    queued_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER,
    error TEXT NOT NULL DEFAULT '',
    sent_at INTEGER,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX mails_waiting ON mails (next_at, tenant, id) WHERE next_at IS NOT NULL;
CREATE INDEX mails_sent ON mails (sent_at) WHERE sent_at IS NOT NULL;

-- Up to where a webhook's events are settled: delivered, held back or dead.
CREATE TABLE webhooks (
    tenant TEXT NOT NULL,
    webhook TEXT NOT NULL,
    settled INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    failing_since INTEGER,
    next_at INTEGER,
    error TEXT NOT NULL,
    PRIMARY KEY (tenant, webhook)
) STRICT, WITHOUT ROWID;

-- Events whose subject waits for an earlier one to be delivered, and that one.
CREATE TABLE webhook_held (
    tenant TEXT NOT NULL,
    webhook TEXT NOT NULL,
    seq INTEGER NOT NULL,
    subject TEXT NOT NULL,
    event TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    since INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    error TEXT NOT NULL,
    PRIMARY KEY (tenant, webhook, seq)
) STRICT, WITHOUT ROWID;

-- What could not be told. `channel` is webhook or mail, `target` the webhook's id or empty.
CREATE TABLE dead_letters (
    tenant TEXT NOT NULL,
    channel TEXT NOT NULL,
    target TEXT NOT NULL,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    error TEXT NOT NULL,
    letter TEXT NOT NULL,
    PRIMARY KEY (tenant, channel, target, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX dead_letters_by_time ON dead_letters (tenant, at, channel, target, id);
