-- sql/statements/batch_repeated.sql   $1 owner or null, $2 client key, $3 request (whole, for its digest).
-- The batch that the key has made already: by the uid that batch_accept.sql derives from it, whatever cluster it went to.
SELECT batch.*, batch.request_digest = sha256(convert_to($3::text, 'UTF8')) AS is_same
FROM (SELECT key FROM gateway LIMIT 1) AS gateway -- one row, whatever is estimated: see batch_accept.sql
JOIN batch ON batch.uid = md5(gateway.key || coalesce($1::text, '') || chr(10) || $2::text)::uuid
