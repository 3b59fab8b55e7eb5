-- sql/statements/gateway_key.sql   no parameters. This gateway's identity, a label on all of its objects.
SELECT key FROM gateway
