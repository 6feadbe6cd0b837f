-- Outbound: leads, the attempts that are the ledger, do-not-call, and the chained audit trail.
-- The rules of 0001 hold: a migration only adds, times are microseconds, an id is 16 bytes, keys compare by bytes.
-- A phone number in a key is its digits as an integer: E.164 has at most 15, and no first digit is 0.

ALTER TABLE calls ADD COLUMN campaign TEXT COLLATE "C";
ALTER TABLE calls ADD COLUMN lead BIGINT;

CREATE TABLE campaigns (
    tenant TEXT COLLATE "C" NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    since BIGINT NOT NULL,
    started_at BIGINT,
    reason TEXT,
    memory TEXT,
    PRIMARY KEY (tenant, campaign)
);

-- One row a tenant: the next lead's number, from which batches take theirs, too.
CREATE TABLE lead_counters (
    tenant TEXT COLLATE "C" PRIMARY KEY,
    next BIGINT NOT NULL
);

-- An import. Its leads count from when it is finished. 'dry': nothing was ready in it when it was looked at last.
CREATE TABLE import_batches (
    tenant TEXT COLLATE "C" NOT NULL,
    batch BIGINT NOT NULL,
    list TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    leads BIGINT NOT NULL,
    dry BIGINT NOT NULL,
    PRIMARY KEY (tenant, batch)
);

CREATE UNIQUE INDEX import_batches_by_name ON import_batches (tenant, list, name);

-- What each chunk of an import came to, so that one sent again gets its first answer.
CREATE TABLE import_chunks (
    tenant TEXT COLLATE "C" NOT NULL,
    batch BIGINT NOT NULL,
    chunk BIGINT NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, batch, chunk)
);

-- A lead stands in exactly one of the four partial indexes, which are the campaign's queues: what is ready by rank
-- within its import, what waits by its time (1 a callback, 2 a retry or a block that ends), what is over, what is claimed.
-- Each holds the columns of its condition, too: SQLite counts by it alone only then.
-- A claim lies over the state, which comes back when a reservation is given up.
CREATE TABLE leads (
    tenant TEXT COLLATE "C" NOT NULL,
    id BIGINT NOT NULL,
    list TEXT COLLATE "C" NOT NULL,
    batch BIGINT NOT NULL,
    rank BIGINT NOT NULL,
    details TEXT NOT NULL,
    state TEXT COLLATE "C" NOT NULL DEFAULT 'ready',
    due BIGINT,
    waits BIGINT,
    agent TEXT COLLATE "C",
    why TEXT COLLATE "C",
    because TEXT,
    claim TEXT COLLATE "C",
    attempts BIGINT NOT NULL DEFAULT 0,
    last_attempt_at BIGINT,
    reset_at BIGINT,
    replaces BIGINT,
    PRIMARY KEY (tenant, id)
);

CREATE INDEX leads_ready ON leads (tenant, batch, rank, id, state, claim) WHERE state = 'ready' AND claim IS NULL;
CREATE INDEX leads_waiting ON leads (tenant, list, waits, due, rank, id, agent, state, claim) WHERE waits IS NOT NULL AND claim IS NULL;
CREATE INDEX leads_over ON leads (tenant, list, state, id, waits, claim) WHERE state <> 'ready' AND waits IS NULL AND claim IS NULL;
CREATE INDEX leads_claimed ON leads (tenant, list, id) WHERE claim IS NOT NULL;
CREATE INDEX leads_by_list ON leads (tenant, list, id);

CREATE TABLE lead_numbers (
    tenant TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    lead BIGINT NOT NULL,
    PRIMARY KEY (tenant, number, lead)
);

-- The ledger: an attempt is charged by its row. `record` is the whole of it as JSON.
CREATE TABLE attempts (
    tenant TEXT COLLATE "C" NOT NULL,
    id BYTEA NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    client TEXT COLLATE "C" NOT NULL,
    list TEXT COLLATE "C",
    lead BIGINT,
    person TEXT COLLATE "C",
    number BIGINT NOT NULL,
    intent_at BIGINT NOT NULL,
    dialed_at BIGINT,
    answered_at BIGINT,
    connected_at BIGINT,
    ended_at BIGINT,
    outcome TEXT COLLATE "C",
    disposition TEXT COLLATE "C",
    record TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
);

CREATE INDEX attempts_by_number ON attempts (tenant, number, intent_at, id);
CREATE INDEX attempts_by_person ON attempts (tenant, person, intent_at, id) WHERE person IS NOT NULL;
CREATE INDEX attempts_by_lead ON attempts (tenant, lead, intent_at, id) WHERE lead IS NOT NULL;
CREATE INDEX attempts_by_campaign ON attempts (tenant, campaign, intent_at, id);
CREATE INDEX attempts_by_time ON attempts (tenant, intent_at, id);
CREATE INDEX attempts_open ON attempts (tenant, id) WHERE ended_at IS NULL;

-- `value` is a number or the beginning of one, with its plus; `scope` is tenant, client or campaign, `whose` says of which.
CREATE TABLE do_not_call (
    tenant TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    whose TEXT COLLATE "C" NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT,
    source TEXT COLLATE "C" NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (tenant, value, kind, scope, whose)
);

-- A registry's imports; at most one of a name is in force. `salt` is set where the entries are SHA-256 sums.
CREATE TABLE registries (
    tenant TEXT COLLATE "C" NOT NULL,
    import BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    as_of BIGINT NOT NULL,
    salt TEXT,
    state TEXT COLLATE "C" NOT NULL,
    imported_at BIGINT,
    entries BIGINT NOT NULL,
    PRIMARY KEY (tenant, import)
);

CREATE UNIQUE INDEX registries_by_version ON registries (tenant, name, version);

CREATE TABLE registry_numbers (
    tenant TEXT COLLATE "C" NOT NULL,
    import BIGINT NOT NULL,
    entry TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, import, entry)
);

-- A chain: hash = SHA-256(prev, entry). Only ever appended to.
CREATE TABLE audit (
    tenant TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    payload TEXT NOT NULL,
    prev BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (tenant, seq)
);

CREATE INDEX audit_by_subject ON audit (tenant, subject, at, seq);

CREATE TABLE audit_heads (
    tenant TEXT COLLATE "C" PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash BYTEA NOT NULL
);

-- Rows to lock: SQLite, with its one writer, needs none. A number or a person while an attempt at it is decided.
CREATE TABLE attempt_locks (
    tenant TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, key)
);

-- Shared by whoever authorizes, held alone by whoever changes what bars a number.
CREATE TABLE gates (
    tenant TEXT COLLATE "C" PRIMARY KEY
);
