-- sql/schema/0005_names.sql   Livy's names are taken while their batch is unfinished; Spark's application names are not.
-- SPDX-License-Identifier: Apache-2.0

DROP INDEX batch_name_unfinished;
CREATE UNIQUE INDEX batch_name_unfinished ON batch (name)
	WHERE name IS NOT NULL AND finished_at IS NULL AND deleted_at IS NULL AND protocol = 'livy';
COMMENT ON COLUMN batch.name IS 'What the client calls it: Livy''s session name, unique among the unfinished; else spark.app.name.';
