-- PostgreSQL. Keys compare byte by byte, as on SQLite, whatever the locale of the database.

-- Who calls: portals, support centres, buyers, the operator.
CREATE TABLE client (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    scopes text NOT NULL,
    secret_hash bytea,
    previous_secret_hash bytea,
    previous_secret_until timestamptz,
    jwks text,
    origins text NOT NULL,
    rate_limit integer,
    disabled_at timestamptz,
    revision bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

-- The pairs of a trusted issuer and its subject by which a client may come.
CREATE TABLE client_identity (
    issuer text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    client_id uuid NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX client_identity_of_client ON client_identity (client_id);

-- Client assertions that were used; each may be used once.
CREATE TABLE used_assertion (
    client_id uuid NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    jti text COLLATE "C" NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (client_id, jti)
);
CREATE INDEX used_assertion_by_expiry ON used_assertion (expires_at);

-- Keys that sign tokens; the private part is sealed by the root key.
CREATE TABLE signing_key (
    kid text COLLATE "C" PRIMARY KEY,
    public_jwk text NOT NULL,
    sealed bytea NOT NULL,
    active_from timestamptz NOT NULL,
    retired_at timestamptz,
    created_at timestamptz NOT NULL
);

-- One row: raised by every change to clients and keys, so that caches elsewhere are dropped.
CREATE TABLE epoch (
    id integer PRIMARY KEY CHECK (id = 1),
    value bigint NOT NULL
);
INSERT INTO epoch (id, value) VALUES (1, 1);

CREATE TABLE organization (
    id uuid PRIMARY KEY,
    custodian_id uuid NOT NULL REFERENCES client (id),
    external_id text COLLATE "C",
    kind text NOT NULL,
    name text NOT NULL,
    name_kana text,
    trade_name text,
    corporate_number text COLLATE "C",
    representative_title text,
    representative_name text,
    postal_code text,
    prefecture text,
    municipality text,
    street text,
    phone text,
    website text,
    industry text,
    employees integer,
    employees_as_of date,
    capital bigint,
    revision bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX organization_of_custodian ON organization (custodian_id, id);
CREATE UNIQUE INDEX organization_by_external_id ON organization (custodian_id, external_id);
CREATE INDEX organization_by_corporate_number
    ON organization (custodian_id, corporate_number, id);

CREATE TABLE unit (
    id uuid PRIMARY KEY,
    custodian_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    revision bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    FOREIGN KEY (custodian_id, organization_id)
        REFERENCES organization (custodian_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX unit_of_organization ON unit (custodian_id, organization_id, id);

CREATE TABLE assessment (
    id uuid PRIMARY KEY,
    custodian_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    unit_id uuid,
    question_bank text COLLATE "C" NOT NULL,
    edition text COLLATE "C" NOT NULL,
    text_revision integer NOT NULL,
    state text NOT NULL,
    answered_on date NOT NULL,
    respondent text,
    respondent_name text,
    method text NOT NULL,
    assisted_by text,
    revision bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    submitted_at timestamptz,
    FOREIGN KEY (custodian_id, organization_id)
        REFERENCES organization (custodian_id, id) ON DELETE CASCADE,
    FOREIGN KEY (custodian_id, organization_id, unit_id)
        REFERENCES unit (custodian_id, organization_id, id)
);
CREATE UNIQUE INDEX assessment_of_organization
    ON assessment (custodian_id, organization_id, id);
CREATE INDEX assessment_of_unit ON assessment (custodian_id, organization_id, unit_id);

CREATE TABLE answer (
    assessment_id uuid NOT NULL REFERENCES assessment (id) ON DELETE CASCADE,
    question integer NOT NULL,
    custodian_id uuid NOT NULL,
    choice text NOT NULL,
    not_used boolean NOT NULL,
    note text,
    PRIMARY KEY (assessment_id, question)
);

-- What a submitted sheet added up to, as it was then.
CREATE TABLE result (
    assessment_id uuid PRIMARY KEY REFERENCES assessment (id) ON DELETE CASCADE,
    custodian_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    unit_id uuid,
    question_bank text COLLATE "C" NOT NULL,
    edition text COLLATE "C" NOT NULL,
    text_revision integer NOT NULL,
    answered_on date NOT NULL,
    respondent text,
    respondent_name text,
    method text NOT NULL,
    assisted_by text,
    submitted_at timestamptz NOT NULL,
    total integer,
    band text,
    outcome text NOT NULL
);
CREATE INDEX result_history ON result
    (custodian_id, organization_id, question_bank, answered_on, assessment_id);

-- Answers to requests that carried an Idempotency-Key, kept for 24 hours.
CREATE TABLE idempotency (
    client_id uuid NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    operation text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    fingerprint bytea NOT NULL,
    status integer,
    headers text,
    body bytea,
    secret boolean NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (client_id, operation, key)
);
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);

-- What every command did; no answers, no personal data.
CREATE TABLE change (
    id uuid PRIMARY KEY,
    custodian_id uuid,
    organization_id uuid,
    resource text NOT NULL,
    resource_id text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    kind text NOT NULL,
    client_id uuid,
    actor text,
    actor_source text NOT NULL,
    trace_id text NOT NULL,
    happened_at timestamptz NOT NULL
);
CREATE INDEX change_of_custodian ON change (custodian_id, id);
