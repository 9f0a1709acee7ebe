-- The risk register of an organization: which edition it rates by. Its revision is that of the
-- threat frequencies too, and it is taken before any asset changes, so that all are on one scale.
CREATE TABLE risk_register (
    organization_id uuid PRIMARY KEY,
    custodian_id uuid NOT NULL,
    edition text NOT NULL,
    revision bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    FOREIGN KEY (custodian_id, organization_id)
        REFERENCES organization (custodian_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX risk_register_of_organization ON risk_register (custodian_id, organization_id);

-- How often a threat occurs at an organization, where it is not the default.
CREATE TABLE threat_frequency (
    organization_id uuid NOT NULL,
    medium text COLLATE "C" NOT NULL,
    threat text COLLATE "C" NOT NULL,
    custodian_id uuid NOT NULL,
    frequency integer NOT NULL CHECK (frequency BETWEEN 1 AND 3),
    PRIMARY KEY (organization_id, medium, threat),
    FOREIGN KEY (custodian_id, organization_id)
        REFERENCES risk_register (custodian_id, organization_id) ON DELETE CASCADE
);
CREATE INDEX threat_frequency_of_register ON threat_frequency (custodian_id, organization_id);

-- Information assets; importance is the domain's, written with the row.
CREATE TABLE asset (
    id uuid PRIMARY KEY,
    custodian_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    external_id text COLLATE "C",
    name text NOT NULL,
    -- The name as it is searched: folded to one width and case.
    search_key text NOT NULL,
    business_category text,
    note text,
    user_scope text,
    owner_department text COLLATE "C",
    medium text COLLATE "C" NOT NULL,
    personal_information boolean NOT NULL,
    special_care_required_personal_information boolean NOT NULL,
    specific_personal_information boolean NOT NULL,
    threatens_survival boolean NOT NULL,
    confidentiality integer NOT NULL,
    integrity integer NOT NULL,
    availability integer NOT NULL,
    importance integer NOT NULL,
    retention text,
    registered_on date NOT NULL,
    tags text NOT NULL,
    revision bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    FOREIGN KEY (custodian_id, organization_id)
        REFERENCES risk_register (custodian_id, organization_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX asset_of_organization ON asset (custodian_id, organization_id, id);
CREATE UNIQUE INDEX asset_by_external_id ON asset (custodian_id, organization_id, external_id);
-- Pages of risks walk it, one pair of medium and importance after the other.
CREATE INDEX asset_by_pair ON asset (custodian_id, organization_id, medium, importance, id);
-- A summary counts by department out of the index alone.
CREATE INDEX asset_by_department
    ON asset (custodian_id, organization_id, owner_department, medium, importance);

-- What is done about the risk of an asset: one task with its owner and its day.
CREATE TABLE treatment (
    id uuid PRIMARY KEY,
    custodian_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    asset_id uuid NOT NULL,
    kind text NOT NULL,
    title text NOT NULL,
    reason text,
    state text NOT NULL,
    owner text,
    due_on date,
    cost bigint,
    evidence_url text,
    accepted_by text,
    accepted_on date,
    accepted_until date,
    expected_threat integer,
    expected_vulnerability integer,
    revision bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    FOREIGN KEY (custodian_id, organization_id, asset_id)
        REFERENCES asset (custodian_id, organization_id, id) ON DELETE CASCADE
);
CREATE INDEX treatment_of_organization ON treatment (custodian_id, organization_id, id);
CREATE INDEX treatment_of_asset ON treatment (custodian_id, organization_id, asset_id, id);

-- The register as it was at a time. All assets of one medium carry the same likelihood, so that is
-- kept with the snapshot, and of each asset what it is multiplied with.
CREATE TABLE risk_snapshot (
    id uuid PRIMARY KEY,
    custodian_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    label text NOT NULL,
    edition text NOT NULL,
    exposures text NOT NULL,
    asset_count bigint NOT NULL,
    taken_at timestamptz NOT NULL,
    FOREIGN KEY (custodian_id, organization_id)
        REFERENCES risk_register (custodian_id, organization_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX risk_snapshot_of_organization ON risk_snapshot (custodian_id, organization_id, id);

CREATE TABLE risk_snapshot_row (
    snapshot_id uuid NOT NULL,
    asset_id uuid NOT NULL,
    custodian_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    external_id text COLLATE "C",
    name text NOT NULL,
    owner_department text COLLATE "C",
    medium text COLLATE "C" NOT NULL,
    importance integer NOT NULL,
    PRIMARY KEY (snapshot_id, asset_id),
    FOREIGN KEY (custodian_id, organization_id, snapshot_id)
        REFERENCES risk_snapshot (custodian_id, organization_id, id) ON DELETE CASCADE
);
CREATE INDEX risk_snapshot_row_of_snapshot
    ON risk_snapshot_row (custodian_id, organization_id, snapshot_id, asset_id);
