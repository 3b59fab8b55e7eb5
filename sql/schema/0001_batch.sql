-- sql/schema/0001_batch.sql   the ledger: one row per batch, one row per push that is still owed, one row per event.
-- SPDX-License-Identifier: Apache-2.0

-- Which gateway this database is. Its key stands as a label on every object, so that two gateways in one namespace
-- never take each other's objects for their own.
CREATE TABLE gateway (
	only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
	key text NOT NULL DEFAULT left(gen_random_uuid()::text, 8),
	created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO gateway DEFAULT VALUES;
COMMENT ON TABLE gateway IS 'One row: the identity of this gateway, a label on all of its Kubernetes objects.';

CREATE TYPE batch_protocol AS ENUM ('livy', 'spark_rest', 'k8s');
CREATE TYPE batch_state AS ENUM ('accepted', 'starting', 'running', 'success', 'dead', 'killed', 'error');
CREATE TYPE batch_reason AS ENUM (
	'refused',              -- the API server refused the object for good
	'submission_failed',    -- the operator could not create the driver
	'exit_code',            -- the driver ended with another code than 0
	'out_of_memory',        -- the driver was killed for its memory
	'evicted',
	'driver_lost',          -- the driver pod vanished
	'failed',               -- failed, and Kubernetes did not say how
	'killed_by_user',
	'deleted_outside'       -- the object was deleted, and not by this gateway
);

CREATE TABLE batch (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	uid uuid NOT NULL CONSTRAINT batch_uid UNIQUE,
	client_key text,
	request_digest bytea NOT NULL,
	protocol batch_protocol NOT NULL,
	name text,
	owner text,
	proxy_user text,
	cluster text NOT NULL,
	namespace text NOT NULL,
	operator_kind text NOT NULL,
	-- From the row alone, so that creating the object again finds it. At most 30 characters for ids below 10^15, because
	-- Spark derives the names of pods and services from it.
	object_name text NOT NULL GENERATED ALWAYS AS ('sg-' || id || '-' || left(uid::text, 8)) STORED,
	request jsonb NOT NULL,
	request_id text,
	state batch_state NOT NULL DEFAULT 'accepted',
	reason batch_reason,
	message text,
	app_id text,
	driver_pod text,
	driver_followed boolean NOT NULL DEFAULT false,
	attempts integer NOT NULL DEFAULT 0,
	accepted_at timestamptz NOT NULL DEFAULT now(),
	pushed_at timestamptz,
	started_at timestamptz,
	finished_at timestamptz,
	kill_requested_at timestamptz,
	deleted_at timestamptz,
	changed_at timestamptz NOT NULL DEFAULT now(),
	log_lines_count bigint NOT NULL DEFAULT 0,
	log_tail jsonb NOT NULL DEFAULT '[]',
	CONSTRAINT batch_finished_has_final_state
		CHECK ((finished_at IS NOT NULL) = (state IN ('success', 'dead', 'killed', 'error')))
);
COMMENT ON TABLE batch IS 'One row per submission, never reused; state follows what Kubernetes reports.';
COMMENT ON COLUMN batch.id IS 'Livy''s id, from 1, with gaps, never reused.';
COMMENT ON COLUMN batch.uid IS 'Identity beyond this database: a label on the object; the object''s name derives from it.';
COMMENT ON COLUMN batch.client_key IS 'Idempotency-Key of the request; uid derives from it, so that there is one row per key.';
COMMENT ON COLUMN batch.request_digest IS 'sha256 of the request: the same client key with another request is a conflict.';
COMMENT ON COLUMN batch.request IS 'The request as sent; values of keys that look secret are replaced.';
COMMENT ON COLUMN batch.request_id IS 'X-Request-Id of the request that created the batch; also in the logs.';
COMMENT ON COLUMN batch.message IS 'For people: why it is where it is, in Kubernetes'' own words where there are any.';
COMMENT ON COLUMN batch.driver_followed IS 'The operator lost track of a driver that runs; the watcher asks the pod itself.';
COMMENT ON COLUMN batch.kill_requested_at IS 'A kill was accepted; the watcher repeats it until Kubernetes confirms.';
COMMENT ON COLUMN batch.deleted_at IS 'Gone from the list; its own routes still answer.';
COMMENT ON COLUMN batch.log_tail IS 'The last 10 lines of the archived driver log.';

-- A name is taken only while its batch is unfinished.
CREATE UNIQUE INDEX batch_name_unfinished ON batch (name)
	WHERE name IS NOT NULL AND finished_at IS NULL AND deleted_at IS NULL;
CREATE INDEX batch_name ON batch (name, id) WHERE name IS NOT NULL;
CREATE INDEX batch_listed ON batch (id) WHERE deleted_at IS NULL;
CREATE INDEX batch_unfinished ON batch (cluster, id) WHERE finished_at IS NULL;
CREATE INDEX batch_kill_owed ON batch (cluster, id) WHERE kill_requested_at IS NOT NULL AND finished_at IS NULL;
CREATE INDEX batch_driver_followed ON batch (cluster, id) WHERE driver_followed AND finished_at IS NULL;

-- Promise: a final state is written once and never changes, whoever writes.
CREATE FUNCTION batch_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.finished_at IS NOT NULL
	   AND (NEW.state, NEW.reason, NEW.message, NEW.finished_at)
	       IS DISTINCT FROM (OLD.state, OLD.reason, OLD.message, OLD.finished_at) THEN
		RAISE EXCEPTION 'batch % is final (%) and cannot become %', OLD.id, OLD.state, NEW.state
			USING ERRCODE = 'integrity_constraint_violation';
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER batch_guard BEFORE UPDATE ON batch FOR EACH ROW EXECUTE FUNCTION batch_guard();

-- What Kubernetes has not confirmed yet. It holds the whole object, secrets included, and only until then.
CREATE TABLE batch_push (
	batch_id bigint PRIMARY KEY REFERENCES batch ON DELETE CASCADE,
	cluster text NOT NULL,
	object jsonb NOT NULL,
	claimed_until timestamptz NOT NULL,
	tries integer NOT NULL DEFAULT 1,
	last_error text
);
CREATE INDEX batch_push_due ON batch_push (cluster, claimed_until);
COMMENT ON TABLE batch_push IS 'Pushes owed to Kubernetes; a row goes when the object is known to exist.';
COMMENT ON COLUMN batch_push.claimed_until IS 'Somebody is pushing it until then; afterwards anybody may try.';

CREATE TABLE batch_event (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	batch_id bigint NOT NULL REFERENCES batch ON DELETE CASCADE,
	at timestamptz NOT NULL DEFAULT clock_timestamp(),
	kind text NOT NULL,
	state batch_state NOT NULL,
	reason batch_reason,
	message text,
	actor text,
	request_id text
);
CREATE INDEX batch_event_batch ON batch_event (batch_id, id);
COMMENT ON TABLE batch_event IS 'Append-only history of every batch, and the audit: what happened, when, by whom.';
CREATE FUNCTION batch_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'batch_event is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER batch_event_append_only BEFORE UPDATE ON batch_event
	FOR EACH ROW EXECUTE FUNCTION batch_event_append_only();

-- The archived driver log in pieces of up to 1,000 lines, so that a page costs the same anywhere in it.
CREATE TABLE batch_log (
	batch_id bigint NOT NULL REFERENCES batch ON DELETE CASCADE,
	first_line bigint NOT NULL,
	lines text[] NOT NULL,
	PRIMARY KEY (batch_id, first_line)
);
COMMENT ON TABLE batch_log IS 'Driver logs that outlive their pods; first_line counts from 0 and is a multiple of 1000.';

-- What a watcher last saw of each cluster: for people, /readyz and /metrics.
CREATE TABLE cluster_watch (
	cluster text PRIMARY KEY,
	watcher text NOT NULL,
	leased_at timestamptz NOT NULL,
	synced_at timestamptz,
	heard_at timestamptz,
	last_error text
);
COMMENT ON TABLE cluster_watch IS 'Who follows which cluster, and when it last heard from it.';

-- A batch as clients see it: all but the request, which can be a megabyte.
CREATE VIEW batch_brief AS
SELECT id, uid, client_key, protocol, name, owner, proxy_user, cluster, namespace, operator_kind, object_name, request_id, state,
       reason, message, app_id, driver_pod, driver_followed, attempts, accepted_at, pushed_at, started_at, finished_at,
       kill_requested_at, deleted_at, changed_at, log_lines_count, log_tail
FROM batch;
