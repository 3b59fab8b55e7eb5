-- sql/statements/batch_show_state.sql   $1 id. What clients poll: its state, and who may see it.
SELECT state, owner, proxy_user, kill_requested_at FROM batch WHERE id = $1::bigint
