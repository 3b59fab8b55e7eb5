-- sql/statements/batch_show_by_uids.sql   $1 uids. As batch_show_by_uid.sql, of several objects that have come at once.
SELECT * FROM batch_brief WHERE uid = ANY ($1::uuid[])
