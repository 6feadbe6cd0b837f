-- A migration only adds: the program of the version before must still run on its result. What is no longer used is
-- dropped by a later release. The folder beside this one holds the same tables in Postgres's words.
-- Times are microseconds since 1970-01-01T00:00:00Z. A call's id is 16 bytes, most significant first.
-- Tables are clustered by their key (WITHOUT ROWID): one tree to write instead of two.

CREATE TABLE floors (
    tenant TEXT NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    spec TEXT NOT NULL,
    PRIMARY KEY (tenant, version)
) STRICT;

CREATE TABLE calls (
    tenant TEXT NOT NULL,
    id BLOB NOT NULL,
    arrived_at INTEGER NOT NULL,
    trunk TEXT NOT NULL,
    dialed TEXT NOT NULL,
    caller TEXT,
    queue TEXT,
    client TEXT,
    answered_at INTEGER,
    answered_ring INTEGER,
    connected_at INTEGER,
    agent TEXT,
    hold_count INTEGER NOT NULL,
    hold_total INTEGER NOT NULL,
    hold_longest INTEGER NOT NULL,
    ended_at INTEGER,
    outcome TEXT,
    cause TEXT,
    released_by TEXT,
    disposition TEXT,
    disposition_automatic INTEGER,
    wrapped_up_at INTEGER,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX calls_by_arrival ON calls (tenant, arrived_at, id);
CREATE INDEX calls_by_queue ON calls (tenant, queue, arrived_at, id) WHERE queue IS NOT NULL;
CREATE INDEX calls_by_agent ON calls (tenant, agent, arrived_at, id) WHERE agent IS NOT NULL;
CREATE INDEX calls_by_caller ON calls (tenant, caller, arrived_at, id) WHERE caller IS NOT NULL;
CREATE INDEX calls_open ON calls (tenant, arrived_at, id) WHERE ended_at IS NULL;
CREATE INDEX calls_in_wrap_up ON calls (tenant, id) WHERE connected_at IS NOT NULL AND wrapped_up_at IS NULL;

CREATE TABLE timeline (
    tenant TEXT NOT NULL,
    call BLOB NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    what TEXT NOT NULL,
    PRIMARY KEY (tenant, call, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE offers (
    tenant TEXT NOT NULL,
    call BLOB NOT NULL,
    number INTEGER NOT NULL,
    queue TEXT NOT NULL,
    agent TEXT NOT NULL,
    offered_at INTEGER NOT NULL,
    ended_at INTEGER,
    outcome TEXT,
    PRIMARY KEY (tenant, call, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX offers_open ON offers (tenant, call, number) WHERE outcome IS NULL;

CREATE TABLE agent_states (
    tenant TEXT NOT NULL,
    agent TEXT NOT NULL,
    at INTEGER NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    call BLOB,
    PRIMARY KEY (tenant, agent, at, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    role TEXT NOT NULL,
    agent TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    PRIMARY KEY (tenant, id)
) STRICT;

CREATE TABLE requests (
    tenant TEXT NOT NULL,
    request TEXT NOT NULL,
    method TEXT NOT NULL,
    response BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (tenant, request)
) STRICT;

CREATE INDEX requests_by_time ON requests (at);

-- One row, written to learn whether the database takes writes.
CREATE TABLE probe (
    id INTEGER PRIMARY KEY,
    beats INTEGER NOT NULL
) STRICT;

INSERT INTO probe (id, beats) VALUES (1, 0);
