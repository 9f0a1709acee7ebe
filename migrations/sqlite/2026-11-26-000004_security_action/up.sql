-- SECURITY ACTION: declarations with their history, who may see them, what was signed of them, and
-- the acceptance rules of clients' own.

-- Whether the organization lets anybody who has its number see the status of its declaration.
ALTER TABLE organization ADD COLUMN listed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX organization_listed ON organization (corporate_number) WHERE listed;

-- One row an organization: the lock of its declarations, the time behind which nothing is recorded
-- any more, and how it stands with all of them together.
CREATE TABLE declaration_register (
    organization_id TEXT PRIMARY KEY,
    custodian_id TEXT NOT NULL,
    known_through TEXT NOT NULL,
    main_id TEXT,
    conflicting_since TEXT,
    old_beside_new INTEGER NOT NULL,
    details_changed_on TEXT,
    preparation TEXT NOT NULL,
    reminder_from TEXT,
    revision INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    FOREIGN KEY (custodian_id, organization_id)
        REFERENCES organization (custodian_id, id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX declaration_register_of_organization
    ON declaration_register (custodian_id, organization_id);
CREATE INDEX declaration_register_by_reminder
    ON declaration_register (custodian_id, reminder_from, organization_id);

-- A declaration as it stands today by what is known today; its history has the rest.
CREATE TABLE declaration (
    id TEXT PRIMARY KEY,
    custodian_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    self_declaration_id TEXT,
    state TEXT,
    stars INTEGER,
    articles_edition TEXT,
    grade TEXT NOT NULL,
    declared_on TEXT,
    confirmed_on TEXT,
    superseded_by TEXT,
    listed INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    FOREIGN KEY (custodian_id, organization_id)
        REFERENCES declaration_register (custodian_id, organization_id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX declaration_of_organization
    ON declaration (custodian_id, organization_id, id);
CREATE INDEX declaration_by_self_declaration_id
    ON declaration (custodian_id, self_declaration_id, id);
CREATE INDEX declaration_listed ON declaration (self_declaration_id) WHERE listed;

-- What was said of a declaration, in the order in which it was recorded; only ever added to.
CREATE TABLE declaration_entry (
    declaration_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    id TEXT NOT NULL,
    custodian_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    effective_on TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    fact TEXT NOT NULL,
    PRIMARY KEY (declaration_id, number),
    FOREIGN KEY (custodian_id, organization_id, declaration_id)
        REFERENCES declaration (custodian_id, organization_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX declaration_entry_of_organization
    ON declaration_entry (custodian_id, organization_id, declaration_id, number);

-- What an organization agreed to, and until when.
CREATE TABLE consent (
    id TEXT PRIMARY KEY,
    custodian_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    given_by TEXT NOT NULL,
    given_on TEXT NOT NULL,
    withdrawn_at TEXT,
    withdrawn_by TEXT,
    revision INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    FOREIGN KEY (custodian_id, organization_id)
        REFERENCES organization (custodian_id, id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX consent_of_organization ON consent (custodian_id, organization_id, id);
CREATE UNIQUE INDEX consent_in_force ON consent (custodian_id, organization_id, purpose)
    WHERE withdrawn_at IS NULL;

-- The lists in which attestations have a position, and how many positions were given.
CREATE TABLE status_list (
    id INTEGER PRIMARY KEY,
    given INTEGER NOT NULL
) STRICT;
INSERT INTO status_list (id, given) VALUES (1, 0);

-- A signed statement of how a declaration stands.
CREATE TABLE attestation (
    id TEXT PRIMARY KEY,
    custodian_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    consent_id TEXT NOT NULL,
    list INTEGER NOT NULL,
    position INTEGER NOT NULL,
    statement TEXT NOT NULL,
    token TEXT NOT NULL,
    issued_at TEXT NOT NULL,
    valid_until TEXT NOT NULL,
    revoked_at TEXT,
    FOREIGN KEY (custodian_id, organization_id, consent_id)
        REFERENCES consent (custodian_id, organization_id, id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX attestation_of_organization
    ON attestation (custodian_id, organization_id, id);
CREATE UNIQUE INDEX attestation_by_position ON attestation (list, position);
CREATE INDEX attestation_of_consent ON attestation (custodian_id, organization_id, consent_id);

-- Positions that are revoked. They stay when the organization goes, or a statement of it would
-- become good again.
CREATE TABLE revoked_position (
    list INTEGER NOT NULL,
    position INTEGER NOT NULL,
    attestation_id TEXT NOT NULL,
    revoked_at TEXT NOT NULL,
    valid_until TEXT NOT NULL,
    PRIMARY KEY (list, position)
) STRICT;
CREATE INDEX revoked_position_of_attestation ON revoked_position (attestation_id);
CREATE INDEX revoked_position_by_end ON revoked_position (valid_until);

-- Acceptance rules of a client's own.
CREATE TABLE programme (
    id TEXT PRIMARY KEY,
    custodian_id TEXT NOT NULL REFERENCES client (id),
    body TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX programme_of_custodian ON programme (custodian_id, id);

-- Attestations outlive the tokens of the key that signed them, so a key stays published after it retired.
ALTER TABLE signing_key ADD COLUMN published_until TEXT;
