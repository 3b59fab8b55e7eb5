-- sql/statements/schema_version.sql   no parameters. For /readyz: has everything been migrated that this program needs?
SELECT coalesce(max(version), 0) AS version FROM schema_migration
