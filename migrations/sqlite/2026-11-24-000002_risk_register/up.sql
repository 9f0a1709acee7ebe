-- The risk register of an organization: which edition it rates by. Its revision is that of the
-- threat frequencies too, and it is taken before any asset changes, so that all are on one scale.
CREATE TABLE risk_register (
    organization_id TEXT PRIMARY KEY,
    custodian_id TEXT NOT NULL,
    edition TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    FOREIGN KEY (custodian_id, organization_id)
        REFERENCES organization (custodian_id, id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX risk_register_of_organization ON risk_register (custodian_id, organization_id);

-- How often a threat occurs at an organization, where it is not the default.
CREATE TABLE threat_frequency (
    organization_id TEXT NOT NULL,
    medium TEXT NOT NULL,
    threat TEXT NOT NULL,
    custodian_id TEXT NOT NULL,
    frequency INTEGER NOT NULL CHECK (frequency BETWEEN 1 AND 3),
    PRIMARY KEY (organization_id, medium, threat),
    FOREIGN KEY (custodian_id, organization_id)
        REFERENCES risk_register (custodian_id, organization_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX threat_frequency_of_register ON threat_frequency (custodian_id, organization_id);

-- Information assets; importance is the domain's, written with the row.
CREATE TABLE asset (
    id TEXT PRIMARY KEY,
    custodian_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    external_id TEXT,
    name TEXT NOT NULL,
    -- The name as it is searched: folded to one width and case.
    search_key TEXT NOT NULL,
    business_category TEXT,
    note TEXT,
    user_scope TEXT,
    owner_department TEXT,
    medium TEXT NOT NULL,
    personal_information INTEGER NOT NULL,
    special_care_required_personal_information INTEGER NOT NULL,
    specific_personal_information INTEGER NOT NULL,
    threatens_survival INTEGER NOT NULL,
    confidentiality INTEGER NOT NULL,
    integrity INTEGER NOT NULL,
    availability INTEGER NOT NULL,
    importance INTEGER NOT NULL,
    retention TEXT,
    registered_on TEXT NOT NULL,
    tags TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    FOREIGN KEY (custodian_id, organization_id)
        REFERENCES risk_register (custodian_id, organization_id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX asset_of_organization ON asset (custodian_id, organization_id, id);
CREATE UNIQUE INDEX asset_by_external_id ON asset (custodian_id, organization_id, external_id);
-- Pages of risks walk it, one pair of medium and importance after the other.
CREATE INDEX asset_by_pair ON asset (custodian_id, organization_id, medium, importance, id);
-- A summary counts by department out of the index alone.
CREATE INDEX asset_by_department
    ON asset (custodian_id, organization_id, owner_department, medium, importance);

-- What is done about the risk of an asset: one task with its owner and its day.
CREATE TABLE treatment (
    id TEXT PRIMARY KEY,
    custodian_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    asset_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    reason TEXT,
    state TEXT NOT NULL,
    owner TEXT,
    due_on TEXT,
    cost INTEGER,
    evidence_url TEXT,
    accepted_by TEXT,
    accepted_on TEXT,
    accepted_until TEXT,
    expected_threat INTEGER,
    expected_vulnerability INTEGER,
    revision INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    FOREIGN KEY (custodian_id, organization_id, asset_id)
        REFERENCES asset (custodian_id, organization_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX treatment_of_organization ON treatment (custodian_id, organization_id, id);
CREATE INDEX treatment_of_asset ON treatment (custodian_id, organization_id, asset_id, id);

-- The register as it was at a time. All assets of one medium carry the same likelihood, so that is
-- kept with the snapshot, and of each asset what it is multiplied with.
CREATE TABLE risk_snapshot (
    id TEXT PRIMARY KEY,
    custodian_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    label TEXT NOT NULL,
    edition TEXT NOT NULL,
    exposures TEXT NOT NULL,
    asset_count INTEGER NOT NULL,
    taken_at TEXT NOT NULL,
    FOREIGN KEY (custodian_id, organization_id)
        REFERENCES risk_register (custodian_id, organization_id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX risk_snapshot_of_organization ON risk_snapshot (custodian_id, organization_id, id);

CREATE TABLE risk_snapshot_row (
    snapshot_id TEXT NOT NULL,
    asset_id TEXT NOT NULL,
    custodian_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    external_id TEXT,
    name TEXT NOT NULL,
    owner_department TEXT,
    medium TEXT NOT NULL,
    importance INTEGER NOT NULL,
    PRIMARY KEY (snapshot_id, asset_id),
    FOREIGN KEY (custodian_id, organization_id, snapshot_id)
        REFERENCES risk_snapshot (custodian_id, organization_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX risk_snapshot_row_of_snapshot
    ON risk_snapshot_row (custodian_id, organization_id, snapshot_id, asset_id);
