-- Names of people as servers sealed them, where they were told to. Only `mcp-auditd reveal` opens one, and that is an event of its own.
CREATE OR REPLACE VIEW principal_names
(
  tenant LowCardinality(String) COMMENT 'Tenant. [text; ours]',
  principal_key LowCardinality(String) COMMENT 'Principal. [id; server]',
  sealed_name String COMMENT 'Newest name, encrypted. [sealed; server]',
  last_seen DateTime64(9, 'UTC') COMMENT 'Event time of that name. [RFC 3339 UTC; ours]'
)
AS SELECT
  tenant,
  principal_key,
  argMax(JSONExtractString(e.fields, 'principalName'), e.event_time) AS sealed_name,
  max(e.event_time) AS last_seen
FROM events AS e
WHERE e.event_type = 'auth.token.validated' AND e.principal_key != '' AND JSONHas(e.fields, 'principalName')
GROUP BY tenant, principal_key
COMMENT 'Names of people, encrypted; one row per tenant and principal.';
