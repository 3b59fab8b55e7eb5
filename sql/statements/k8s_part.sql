-- sql/statements/k8s_part.sql   $1 uid, $2 kind and name, $3 object, $4 how many at most, $5 owner or null,
-- $6 how many bytes in all.
-- The same piece sent again takes the place of the first. No row: no such submission, or it has too many pieces.
UPDATE k8s_submission SET parts = parts || jsonb_build_object($2::text, $3::jsonb)
WHERE uid = $1::uuid AND expires_at > now() AND (owner IS NULL OR owner = $5)
  AND (parts ? $2 OR (SELECT count(*) FROM jsonb_object_keys(parts)) < $4::int)
  AND octet_length(parts::text) + octet_length($3::text) <= $6::int
RETURNING uid
