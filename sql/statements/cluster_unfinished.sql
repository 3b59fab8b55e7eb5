-- sql/statements/cluster_unfinished.sql   no parameters. Unfinished batches by cluster, be it configured or not.
SELECT cluster, count(*) AS batches FROM batch WHERE finished_at IS NULL GROUP BY cluster ORDER BY cluster
