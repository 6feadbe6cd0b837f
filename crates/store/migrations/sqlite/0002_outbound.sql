-- Outbound: leads, the attempts that are the ledger, do-not-call, and the chained audit trail.
-- The rules of 0001 hold: a migration only adds, times are microseconds, an id is 16 bytes, tables are clustered by key.
-- A phone number in a key is its digits as an integer: E.164 has at most 15, and no first digit is 0.

ALTER TABLE calls ADD COLUMN campaign TEXT;
ALTER TABLE calls ADD COLUMN lead INTEGER;

CREATE TABLE campaigns (
    tenant TEXT NOT NULL,
    campaign TEXT NOT NULL,
    state TEXT NOT NULL,
    since INTEGER NOT NULL,
    started_at INTEGER,
    reason TEXT,
    memory TEXT,
    PRIMARY KEY (tenant, campaign)
) STRICT, WITHOUT ROWID;

-- One row a tenant: the next lead's number, from which batches take theirs, too.
CREATE TABLE lead_counters (
    tenant TEXT PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- An import. Its leads count from when it is finished. 'dry': nothing was ready in it when it was looked at last.
CREATE TABLE import_batches (
    tenant TEXT NOT NULL,
    batch INTEGER NOT NULL,
    list TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    leads INTEGER NOT NULL,
    dry INTEGER NOT NULL,
    PRIMARY KEY (tenant, batch)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX import_batches_by_name ON import_batches (tenant, list, name);

-- What each chunk of an import came to, so that one sent again gets its first answer.
CREATE TABLE import_chunks (
    tenant TEXT NOT NULL,
    batch INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (tenant, batch, chunk)
) STRICT, WITHOUT ROWID;

-- A lead stands in exactly one of the four partial indexes, which are the campaign's queues: what is ready by rank
-- within its import, what waits by its time (1 a callback, 2 a retry or a block that ends), what is over, what is claimed.
-- Each holds the columns of its condition, too: SQLite counts by it alone only then.
-- A claim lies over the state, which comes back when a reservation is given up.
CREATE TABLE leads (
    tenant TEXT NOT NULL,
    id INTEGER NOT NULL,
    list TEXT NOT NULL,
    batch INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    details TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'ready',
    due INTEGER,
    waits INTEGER,
    agent TEXT,
    why TEXT,
    because TEXT,
    claim TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    last_attempt_at INTEGER,
    reset_at INTEGER,
    replaces INTEGER,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX leads_ready ON leads (tenant, batch, rank, id, state, claim) WHERE state = 'ready' AND claim IS NULL;
CREATE INDEX leads_waiting ON leads (tenant, list, waits, due, rank, id, agent, state, claim) WHERE waits IS NOT NULL AND claim IS NULL;
CREATE INDEX leads_over ON leads (tenant, list, state, id, waits, claim) WHERE state <> 'ready' AND waits IS NULL AND claim IS NULL;
CREATE INDEX leads_claimed ON leads (tenant, list, id) WHERE claim IS NOT NULL;
CREATE INDEX leads_by_list ON leads (tenant, list, id);

CREATE TABLE lead_numbers (
    tenant TEXT NOT NULL,
    number INTEGER NOT NULL,
    lead INTEGER NOT NULL,
    PRIMARY KEY (tenant, number, lead)
) STRICT, WITHOUT ROWID;

-- The ledger: an attempt is charged by its row. `record` is the whole of it as JSON.
CREATE TABLE attempts (
    tenant TEXT NOT NULL,
    id BLOB NOT NULL,
    campaign TEXT NOT NULL,
    client TEXT NOT NULL,
    list TEXT,
    lead INTEGER,
    person TEXT,
    number INTEGER NOT NULL,
    intent_at INTEGER NOT NULL,
    dialed_at INTEGER,
    answered_at INTEGER,
    connected_at INTEGER,
    ended_at INTEGER,
    outcome TEXT,
    disposition TEXT,
    record TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX attempts_by_number ON attempts (tenant, number, intent_at, id);
CREATE INDEX attempts_by_person ON attempts (tenant, person, intent_at, id) WHERE person IS NOT NULL;
CREATE INDEX attempts_by_lead ON attempts (tenant, lead, intent_at, id) WHERE lead IS NOT NULL;
CREATE INDEX attempts_by_campaign ON attempts (tenant, campaign, intent_at, id);
CREATE INDEX attempts_by_time ON attempts (tenant, intent_at, id);
CREATE INDEX attempts_open ON attempts (tenant, id) WHERE ended_at IS NULL;

-- `value` is a number or the beginning of one, with its plus; `scope` is tenant, client or campaign, `whose` says of which.
CREATE TABLE do_not_call (
    tenant TEXT NOT NULL,
    value TEXT NOT NULL,
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    whose TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER,
    source TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (tenant, value, kind, scope, whose)
) STRICT, WITHOUT ROWID;

-- A registry's imports; at most one of a name is in force. `salt` is set where the entries are SHA-256 sums.
CREATE TABLE registries (
    tenant TEXT NOT NULL,
    import INTEGER NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    as_of INTEGER NOT NULL,
    salt TEXT,
    state TEXT NOT NULL,
    imported_at INTEGER,
    entries INTEGER NOT NULL,
    PRIMARY KEY (tenant, import)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX registries_by_version ON registries (tenant, name, version);

CREATE TABLE registry_numbers (
    tenant TEXT NOT NULL,
    import INTEGER NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (tenant, import, entry)
) STRICT, WITHOUT ROWID;

-- A chain: hash = SHA-256(prev, entry). Only ever appended to.
CREATE TABLE audit (
    tenant TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    payload TEXT NOT NULL,
    prev BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (tenant, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_by_subject ON audit (tenant, subject, at, seq);

CREATE TABLE audit_heads (
    tenant TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT, WITHOUT ROWID;
