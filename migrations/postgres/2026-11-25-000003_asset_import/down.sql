DROP TABLE asset_import_row;
DROP TABLE asset_import;
