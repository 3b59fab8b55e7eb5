-- sql/statements/schema_version.sql   no parameters. For /readyz: has everything been migrated that this program needs?
-- The number tells when one has come in below those that are applied.
SELECT coalesce(max(version), 0) AS version, count(*) AS applied FROM schema_migration
