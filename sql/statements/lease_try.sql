-- sql/statements/lease_try.sql   $1 cluster. One watcher per cluster; the lock ends with its holder's connection.
SELECT pg_try_advisory_lock(hashtext('sparkgate watcher'), hashtext($1)) AS leased
