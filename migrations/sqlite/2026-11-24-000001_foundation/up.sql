-- SQLite. Ids are hyphenated UUIDs and times sortable text, microseconds, in UTC.

-- Who calls: portals, support centres, buyers, the operator.
CREATE TABLE client (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    secret_hash BLOB,
    previous_secret_hash BLOB,
    previous_secret_until TEXT,
    jwks TEXT,
    origins TEXT NOT NULL,
    rate_limit INTEGER,
    disabled_at TEXT,
    revision INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

-- The pairs of a trusted issuer and its subject by which a client may come.
CREATE TABLE client_identity (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    PRIMARY KEY (issuer, subject)
) STRICT;
CREATE INDEX client_identity_of_client ON client_identity (client_id);

-- Client assertions that were used; each may be used once.
CREATE TABLE used_assertion (
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    jti TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    PRIMARY KEY (client_id, jti)
) STRICT;
CREATE INDEX used_assertion_by_expiry ON used_assertion (expires_at);

-- Keys that sign tokens; the private part is sealed by the root key.
CREATE TABLE signing_key (
    kid TEXT PRIMARY KEY,
    public_jwk TEXT NOT NULL,
    sealed BLOB NOT NULL,
    active_from TEXT NOT NULL,
    retired_at TEXT,
    created_at TEXT NOT NULL
) STRICT;

-- One row: raised by every change to clients and keys, so that caches elsewhere are dropped.
CREATE TABLE epoch (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    value INTEGER NOT NULL
) STRICT;
INSERT INTO epoch (id, value) VALUES (1, 1);

CREATE TABLE organization (
    id TEXT PRIMARY KEY,
    custodian_id TEXT NOT NULL REFERENCES client (id),
    external_id TEXT,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    name_kana TEXT,
    trade_name TEXT,
    corporate_number TEXT,
    representative_title TEXT,
    representative_name TEXT,
    postal_code TEXT,
    prefecture TEXT,
    municipality TEXT,
    street TEXT,
    phone TEXT,
    website TEXT,
    industry TEXT,
    employees INTEGER,
    employees_as_of TEXT,
    capital INTEGER,
    revision INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX organization_of_custodian ON organization (custodian_id, id);
CREATE UNIQUE INDEX organization_by_external_id ON organization (custodian_id, external_id);
CREATE INDEX organization_by_corporate_number
    ON organization (custodian_id, corporate_number, id);

CREATE TABLE unit (
    id TEXT PRIMARY KEY,
    custodian_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    FOREIGN KEY (custodian_id, organization_id)
        REFERENCES organization (custodian_id, id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX unit_of_organization ON unit (custodian_id, organization_id, id);

CREATE TABLE assessment (
    id TEXT PRIMARY KEY,
    custodian_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    unit_id TEXT,
    question_bank TEXT NOT NULL,
    edition TEXT NOT NULL,
    text_revision INTEGER NOT NULL,
    state TEXT NOT NULL,
    answered_on TEXT NOT NULL,
    respondent TEXT,
    respondent_name TEXT,
    method TEXT NOT NULL,
    assisted_by TEXT,
    revision INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    submitted_at TEXT,
    FOREIGN KEY (custodian_id, organization_id)
        REFERENCES organization (custodian_id, id) ON DELETE CASCADE,
    FOREIGN KEY (custodian_id, organization_id, unit_id)
        REFERENCES unit (custodian_id, organization_id, id)
) STRICT;
CREATE UNIQUE INDEX assessment_of_organization
    ON assessment (custodian_id, organization_id, id);
CREATE INDEX assessment_of_unit ON assessment (custodian_id, organization_id, unit_id);

CREATE TABLE answer (
    assessment_id TEXT NOT NULL REFERENCES assessment (id) ON DELETE CASCADE,
    question INTEGER NOT NULL,
    custodian_id TEXT NOT NULL,
    choice TEXT NOT NULL,
    not_used INTEGER NOT NULL,
    note TEXT,
    PRIMARY KEY (assessment_id, question)
) STRICT, WITHOUT ROWID;

-- What a submitted sheet added up to, as it was then.
CREATE TABLE result (
    assessment_id TEXT PRIMARY KEY REFERENCES assessment (id) ON DELETE CASCADE,
    custodian_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    unit_id TEXT,
    question_bank TEXT NOT NULL,
    edition TEXT NOT NULL,
    text_revision INTEGER NOT NULL,
    answered_on TEXT NOT NULL,
    respondent TEXT,
    respondent_name TEXT,
    method TEXT NOT NULL,
    assisted_by TEXT,
    submitted_at TEXT NOT NULL,
    total INTEGER,
    band TEXT,
    outcome TEXT NOT NULL
) STRICT;
CREATE INDEX result_history ON result
    (custodian_id, organization_id, question_bank, answered_on, assessment_id);

-- Answers to requests that carried an Idempotency-Key, kept for 24 hours.
CREATE TABLE idempotency (
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    operation TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    status INTEGER,
    headers TEXT,
    body BLOB,
    secret INTEGER NOT NULL,
    expires_at TEXT NOT NULL,
    PRIMARY KEY (client_id, operation, key)
) STRICT;
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);

-- What every command did; no answers, no personal data.
CREATE TABLE change (
    id TEXT PRIMARY KEY,
    custodian_id TEXT,
    organization_id TEXT,
    resource TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    kind TEXT NOT NULL,
    client_id TEXT,
    actor TEXT,
    actor_source TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    happened_at TEXT NOT NULL
) STRICT;
CREATE INDEX change_of_custodian ON change (custodian_id, id);
