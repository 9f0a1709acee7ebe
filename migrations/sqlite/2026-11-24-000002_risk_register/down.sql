DROP TABLE risk_snapshot_row;
DROP TABLE risk_snapshot;
DROP TABLE treatment;
DROP TABLE asset;
DROP TABLE threat_frequency;
DROP TABLE risk_register;
