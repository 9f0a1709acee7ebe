-- A file of assets that was read and not yet applied, or was. What the api has to tell of it and of
-- each row is its own business; only what rows are asked for by is a column.
CREATE TABLE asset_import (
    id uuid PRIMARY KEY,
    custodian_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    about text NOT NULL,
    applied_at timestamptz,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    FOREIGN KEY (custodian_id, organization_id)
        REFERENCES risk_register (custodian_id, organization_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX asset_import_of_organization ON asset_import (custodian_id, organization_id, id);
CREATE INDEX asset_import_by_expiry ON asset_import (expires_at);

CREATE TABLE asset_import_row (
    import_id uuid NOT NULL,
    number bigint NOT NULL,
    custodian_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    verdict text COLLATE "C" NOT NULL,
    about text NOT NULL,
    PRIMARY KEY (import_id, number),
    FOREIGN KEY (custodian_id, organization_id, import_id)
        REFERENCES asset_import (custodian_id, organization_id, id) ON DELETE CASCADE
);
CREATE INDEX asset_import_row_of_import
    ON asset_import_row (custodian_id, organization_id, import_id, number);
CREATE INDEX asset_import_row_by_verdict
    ON asset_import_row (custodian_id, organization_id, import_id, verdict, number);
