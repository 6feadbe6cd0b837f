-- A migration only adds: the program of the version before must still run on its result. What is no longer used is
-- dropped by a later release. The folder beside this one holds the same tables in SQLite's words.
-- Times are microseconds since 1970-01-01T00:00:00Z. A call's id is 16 bytes, most significant first.
-- Keys compare by bytes (COLLATE "C"), so that both databases list in the same order.

CREATE TABLE floors (
    tenant TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    spec TEXT NOT NULL,
    PRIMARY KEY (tenant, version)
);

CREATE TABLE calls (
    tenant TEXT COLLATE "C" NOT NULL,
    id BYTEA NOT NULL,
    arrived_at BIGINT NOT NULL,
    trunk TEXT COLLATE "C" NOT NULL,
    dialed TEXT NOT NULL,
    caller TEXT COLLATE "C",
    queue TEXT COLLATE "C",
    client TEXT COLLATE "C",
    answered_at BIGINT,
    answered_ring BIGINT,
    connected_at BIGINT,
    agent TEXT COLLATE "C",
    hold_count BIGINT NOT NULL,
    hold_total BIGINT NOT NULL,
    hold_longest BIGINT NOT NULL,
    ended_at BIGINT,
    outcome TEXT COLLATE "C",
    cause TEXT COLLATE "C",
    released_by TEXT COLLATE "C",
    disposition TEXT COLLATE "C",
    disposition_automatic BIGINT,
    wrapped_up_at BIGINT,
    PRIMARY KEY (tenant, id)
);

CREATE INDEX calls_by_arrival ON calls (tenant, arrived_at, id);
CREATE INDEX calls_by_queue ON calls (tenant, queue, arrived_at, id) WHERE queue IS NOT NULL;
CREATE INDEX calls_by_agent ON calls (tenant, agent, arrived_at, id) WHERE agent IS NOT NULL;
CREATE INDEX calls_by_caller ON calls (tenant, caller, arrived_at, id) WHERE caller IS NOT NULL;
CREATE INDEX calls_open ON calls (tenant, arrived_at, id) WHERE ended_at IS NULL;
CREATE INDEX calls_in_wrap_up ON calls (tenant, id) WHERE connected_at IS NOT NULL AND wrapped_up_at IS NULL;

CREATE TABLE timeline (
    tenant TEXT COLLATE "C" NOT NULL,
    call BYTEA NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    what TEXT NOT NULL,
    PRIMARY KEY (tenant, call, number)
);

CREATE TABLE offers (
    tenant TEXT COLLATE "C" NOT NULL,
    call BYTEA NOT NULL,
    number BIGINT NOT NULL,
    queue TEXT COLLATE "C" NOT NULL,
    agent TEXT COLLATE "C" NOT NULL,
    offered_at BIGINT NOT NULL,
    ended_at BIGINT,
    outcome TEXT COLLATE "C",
    PRIMARY KEY (tenant, call, number)
);

CREATE INDEX offers_open ON offers (tenant, call, number) WHERE outcome IS NULL;

CREATE TABLE agent_states (
    tenant TEXT COLLATE "C" NOT NULL,
    agent TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    number BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C",
    call BYTEA,
    PRIMARY KEY (tenant, agent, at, number)
);

CREATE TABLE tokens (
    tenant TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    hash BYTEA NOT NULL UNIQUE,
    role TEXT COLLATE "C" NOT NULL,
    agent TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    PRIMARY KEY (tenant, id)
);

CREATE TABLE requests (
    tenant TEXT COLLATE "C" NOT NULL,
    request TEXT COLLATE "C" NOT NULL,
    method TEXT NOT NULL,
    response BYTEA NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (tenant, request)
);

CREATE INDEX requests_by_time ON requests (at);

-- One row, written to learn whether the database takes writes.
CREATE TABLE probe (
    id BIGINT PRIMARY KEY,
    beats BIGINT NOT NULL
);

INSERT INTO probe (id, beats) VALUES (1, 0);
