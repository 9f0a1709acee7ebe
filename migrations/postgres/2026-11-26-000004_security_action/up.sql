-- SECURITY ACTION: declarations with their history, who may see them, what was signed of them, and
-- the acceptance rules of clients' own.

-- Whether the organization lets anybody who has its number see the status of its declaration.
ALTER TABLE organization ADD COLUMN listed boolean NOT NULL DEFAULT false;
CREATE INDEX organization_listed ON organization (corporate_number) WHERE listed;

-- One row an organization: the lock of its declarations, the time behind which nothing is recorded
-- any more, and how it stands with all of them together.
CREATE TABLE declaration_register (
    organization_id uuid PRIMARY KEY,
    custodian_id uuid NOT NULL,
    known_through timestamptz NOT NULL,
    main_id uuid,
    conflicting_since date,
    old_beside_new boolean NOT NULL,
    details_changed_on date,
    preparation text NOT NULL,
    reminder_from date,
    revision bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    FOREIGN KEY (custodian_id, organization_id)
        REFERENCES organization (custodian_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX declaration_register_of_organization
    ON declaration_register (custodian_id, organization_id);
CREATE INDEX declaration_register_by_reminder
    ON declaration_register (custodian_id, reminder_from, organization_id);

-- A declaration as it stands today by what is known today; its history has the rest.
CREATE TABLE declaration (
    id uuid PRIMARY KEY,
    custodian_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    self_declaration_id text COLLATE "C",
    state text,
    stars integer,
    articles_edition text,
    grade text NOT NULL,
    declared_on date,
    confirmed_on date,
    superseded_by uuid,
    listed boolean NOT NULL,
    revision bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    FOREIGN KEY (custodian_id, organization_id)
        REFERENCES declaration_register (custodian_id, organization_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX declaration_of_organization
    ON declaration (custodian_id, organization_id, id);
CREATE INDEX declaration_by_self_declaration_id
    ON declaration (custodian_id, self_declaration_id, id);
CREATE INDEX declaration_listed ON declaration (self_declaration_id) WHERE listed;

-- What was said of a declaration, in the order in which it was recorded; only ever added to.
CREATE TABLE declaration_entry (
    declaration_id uuid NOT NULL,
    number integer NOT NULL,
    id uuid NOT NULL,
    custodian_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    effective_on date NOT NULL,
    recorded_at timestamptz NOT NULL,
    fact text NOT NULL,
    PRIMARY KEY (declaration_id, number),
    FOREIGN KEY (custodian_id, organization_id, declaration_id)
        REFERENCES declaration (custodian_id, organization_id, id) ON DELETE CASCADE
);
CREATE INDEX declaration_entry_of_organization
    ON declaration_entry (custodian_id, organization_id, declaration_id, number);

-- What an organization agreed to, and until when.
CREATE TABLE consent (
    id uuid PRIMARY KEY,
    custodian_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    purpose text NOT NULL,
    given_by text NOT NULL,
    given_on date NOT NULL,
    withdrawn_at timestamptz,
    withdrawn_by text,
    revision bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    FOREIGN KEY (custodian_id, organization_id)
        REFERENCES organization (custodian_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX consent_of_organization ON consent (custodian_id, organization_id, id);
CREATE UNIQUE INDEX consent_in_force ON consent (custodian_id, organization_id, purpose)
    WHERE withdrawn_at IS NULL;

-- The lists in which attestations have a position, and how many positions were given.
CREATE TABLE status_list (
    id integer PRIMARY KEY,
    given integer NOT NULL
);
INSERT INTO status_list (id, given) VALUES (1, 0);

-- A signed statement of how a declaration stands.
CREATE TABLE attestation (
    id uuid PRIMARY KEY,
    custodian_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    consent_id uuid NOT NULL,
    list integer NOT NULL,
    position integer NOT NULL,
    statement text NOT NULL,
    token text NOT NULL,
    issued_at timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    revoked_at timestamptz,
    FOREIGN KEY (custodian_id, organization_id, consent_id)
        REFERENCES consent (custodian_id, organization_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX attestation_of_organization
    ON attestation (custodian_id, organization_id, id);
CREATE UNIQUE INDEX attestation_by_position ON attestation (list, position);
CREATE INDEX attestation_of_consent ON attestation (custodian_id, organization_id, consent_id);

-- Positions that are revoked. They stay when the organization goes, or a statement of it would
-- become good again.
CREATE TABLE revoked_position (
    list integer NOT NULL,
    position integer NOT NULL,
    attestation_id uuid NOT NULL,
    revoked_at timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    PRIMARY KEY (list, position)
);
CREATE INDEX revoked_position_of_attestation ON revoked_position (attestation_id);
CREATE INDEX revoked_position_by_end ON revoked_position (valid_until);

-- Acceptance rules of a client's own.
CREATE TABLE programme (
    id uuid PRIMARY KEY,
    custodian_id uuid NOT NULL REFERENCES client (id),
    body text NOT NULL,
    revision bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX programme_of_custodian ON programme (custodian_id, id);

-- Attestations outlive the tokens of the key that signed them, so a key stays published after it retired.
ALTER TABLE signing_key ADD COLUMN published_until timestamptz;
