-- sql/statements/batch_show_by_uid.sql   $1 uid. What an object's label says.
SELECT * FROM batch_brief WHERE uid = $1::uuid
