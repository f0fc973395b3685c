-- What people query. Every view of event rows has event_id, event_type, event_time, received_at, tenant, server_id, principal_key, client_key,
-- session_fp, tool_name, definition_hash, decision, trace_id, span_id, vantage and source.

-- Each event once, also when its two copies were received on two dates: evidence and verification use it.
CREATE OR REPLACE VIEW events_exact AS
SELECT * FROM events FINAL
SETTINGS do_not_merge_across_partitions_select_final = 0;

-- One row per tools/call request: the two native events of a request share request_uid; a foreign span is call and result at once; a result
-- that came alone still gives a row. Grouping also drops second copies, so FINAL is not needed.
CREATE OR REPLACE VIEW calls AS
SELECT
  argMin(e.event_id, (e.event_type != 'tool.call', e.received_at)) AS event_id,
  argMin(e.event_type, (e.event_type != 'tool.call', e.received_at)) AS event_type,
  argMin(e.event_time, (e.event_type != 'tool.call', e.received_at)) AS event_time,
  min(e.received_at) AS received_at,
  e.tenant AS tenant,
  e.server_id AS server_id,
  max(e.server_claimed) AS server_claimed,
  argMax(e.transport, (e.transport != '', e.event_type = 'tool.call')) AS transport,
  argMax(e.era, (e.era != '', e.event_type = 'tool.call')) AS era,
  argMax(e.protocol_version, (e.protocol_version != '', e.event_type = 'tool.call')) AS protocol_version,
  argMax(e.request_uid, e.request_uid != '') AS request_uid,
  argMax(e.logical_call_id, (e.logical_call_id != '', e.event_type = 'tool.call')) AS logical_call_id,
  argMax(e.trace_id, (e.trace_id != '', e.event_type = 'tool.call')) AS trace_id,
  argMax(e.span_id, (e.span_id != '', e.event_type = 'tool.call')) AS span_id,
  argMax(e.principal_key, (e.principal_key != '', e.event_type = 'tool.call')) AS principal_key,
  argMax(e.principal_kind, (e.principal_kind != '', e.event_type = 'tool.call')) AS principal_kind,
  argMax(e.actor_keys, (notEmpty(e.actor_keys), e.event_type = 'tool.call')) AS actor_keys,
  argMax(e.tenant_key, (e.tenant_key != '', e.event_type = 'tool.call')) AS tenant_key,
  argMax(e.client_key, (e.client_key != '', e.event_type = 'tool.call')) AS client_key,
  argMax(e.client_kind, (e.client_kind != '', e.event_type = 'tool.call')) AS client_kind,
  argMax(e.client_name, (e.client_name != '', e.event_type = 'tool.call')) AS client_name,
  argMax(e.client_version, (e.client_version != '', e.event_type = 'tool.call')) AS client_version,
  argMax(e.session_fp, (e.session_fp != '', e.event_type = 'tool.call')) AS session_fp,
  argMax(e.correlation_key, (e.correlation_key != '', e.event_type = 'tool.call')) AS correlation_key,
  argMax(e.source_address_fp, (e.source_address_fp != '', e.event_type = 'tool.call')) AS source_address_fp,
  argMax(e.address_class, (e.address_class != '', e.event_type = 'tool.call')) AS address_class,
  argMax(e.tool_name, (e.tool_name != '', e.event_type = 'tool.call')) AS tool_name,
  argMax(e.definition_hash, (e.definition_hash != '', e.event_type = 'tool.call')) AS definition_hash,
  argMax(e.tool_risk, (e.tool_risk != '', e.event_type = 'tool.call')) AS tool_risk,
  argMax(e.server_owner, (e.server_owner != '', e.event_type = 'tool.call')) AS server_owner,
  argMax(e.server_env, (e.server_env != '', e.event_type = 'tool.call')) AS server_env,
  argMax(e.decision, (e.decision != '', e.event_type = 'tool.result')) AS decision,
  argMax(e.outcome, (e.outcome != '', e.event_type = 'tool.result')) AS outcome,
  argMax(e.error_code, (e.error_code != '', e.event_type = 'tool.result')) AS error_code,
  max(e.duration_ms) AS duration_ms,
  toBool(max(JSONExtractBool(e.fields, 'isError'))) AS is_error,
  max(JSONExtractUInt(e.fields, 'argsBytes')) AS args_bytes,
  max(JSONExtractUInt(e.fields, 'bytes')) AS result_bytes,
  argMax(JSONExtractString(e.fields, 'resultType'), JSONExtractString(e.fields, 'resultType') != '') AS result_type,
  max(JSONExtractUInt(e.fields, 'round')) AS round,
  maxIf(e.event_id, e.event_type = 'tool.result') AS result_event_id,
  arraySort(groupUniqArrayArray(e.labels)) AS labels,
  argMax(e.vantage, (e.vantage != '', e.event_type = 'tool.call')) AS vantage,
  argMax(e.source, (e.source != '', e.event_type = 'tool.call')) AS source
FROM events AS e
WHERE e.event_type IN ('tool.call', 'tool.result')
GROUP BY e.tenant, e.server_id, if(e.request_uid = '' OR e.source = 'span', e.event_id, e.request_uid);

-- Token validations, challenges, authorization decisions and tokens issued, with what was compared.
CREATE OR REPLACE VIEW auth AS
SELECT
  event_id, event_type, event_time, received_at, tenant, server_id, server_claimed, principal_key, principal_kind, actor_keys, tenant_key,
  client_key, client_kind, client_name, session_fp, correlation_key, source_address_fp, address_class, hop, request_uid, method, tool_name,
  definition_hash, decision, outcome, error_code,
  JSONExtractString(fields, 'reason') AS reason,
  JSONExtractString(fields, 'iss') AS iss,
  JSONExtract(fields, 'aud', 'Array(String)') AS aud,
  JSONExtract(fields, 'expectedAud', 'Array(String)') AS expected_aud,
  JSONExtract(fields, 'resource', 'Array(String)') AS resource,
  JSONExtract(fields, 'scopes', 'Array(String)') AS scopes,
  JSONExtract(fields, 'roles', 'Array(String)') AS roles,
  JSONExtract(fields, 'requiredScopes', 'Array(String)') AS required_scopes,
  JSONExtract(fields, 'grantedScopes', 'Array(String)') AS granted_scopes,
  JSONExtract(fields, 'scopesChallenged', 'Array(String)') AS scopes_challenged,
  JSONExtract(fields, 'requestedScopes', 'Array(String)') AS requested_scopes,
  JSONExtractString(fields, 'scheme') AS scheme,
  JSONExtractString(fields, 'tokenKind') AS token_kind,
  JSONExtractString(fields, 'tokenFp') AS token_fp,
  JSONExtractString(fields, 'tid') AS tid,
  JSONExtractString(fields, 'idtyp') AS idtyp,
  JSONExtractInt(fields, 'issuedAt') AS issued_at,
  JSONExtractInt(fields, 'expAt') AS exp_at,
  JSONExtractString(fields, 'grantType') AS grant_type,
  JSONExtractUInt(fields, 'status') AS status,
  JSONExtractString(fields, 'error') AS error,
  JSONExtractString(fields, 'policyId') AS policy_id,
  trace_id, span_id, vantage, source
FROM events FINAL
WHERE event_type IN ('auth.token.validated', 'auth.challenge.sent', 'authz.decision', 'oauth.token')
SETTINGS do_not_merge_across_partitions_select_final = 0;

-- Every version of every tool definition a server has shown: one row per (tenant, server, tool, hash).
CREATE OR REPLACE VIEW definitions AS
SELECT
  tenant,
  server_id,
  JSONExtractString(definition, 'name') AS tool_name,
  JSONExtractString(definition, 'hash') AS definition_hash,
  min(e.event_time) AS first_seen,
  max(e.event_time) AS last_seen,
  argMin(e.event_id, e.event_time) AS event_id,
  argMax(e.event_id, e.event_time) AS last_event_id,
  any(JSONExtractString(definition, 'descriptionHash')) AS description_hash,
  any(JSONExtractString(definition, 'inputHash')) AS input_hash,
  any(JSONExtractString(definition, 'outputHash')) AS output_hash,
  any(JSONExtractString(definition, 'annotationsHash')) AS annotations_hash,
  any(JSONExtractString(definition, 'titleHash')) AS title_hash,
  any(JSONExtractString(definition, 'metaHash')) AS meta_hash,
  any(JSONExtract(definition, 'inputFields', 'Array(String)')) AS input_fields,
  any(JSONExtract(definition, 'annotations', 'Array(String)')) AS annotations,
  any(JSONExtract(definition, 'findings', 'Array(String)')) AS findings,
  argMin(e.vantage, e.event_time) AS vantage,
  argMin(e.source, e.event_time) AS source
FROM events AS e
ARRAY JOIN JSONExtractArrayRaw(e.fields, 'definitions') AS definition
WHERE e.event_type = 'tools.registry'
GROUP BY tenant, server_id, tool_name, definition_hash;

-- The shape of the OpenTelemetry Collector's ClickHouse exporter, for Grafana and HyperDX.
CREATE OR REPLACE VIEW otel_logs AS
SELECT
  event_time AS Timestamp,
  toDateTime(event_time) AS TimestampTime,
  trace_id AS TraceId,
  span_id AS SpanId,
  toUInt8(0) AS TraceFlags,
  if(decision IN ('deny', 'error') OR outcome IN ('tool_error', 'protocol_error', 'denied', 'timeout'), 'WARN', 'INFO') AS SeverityText,
  if(SeverityText = 'WARN', 13, 9)::UInt8 AS SeverityNumber,
  server_id AS ServiceName,
  fields AS Body,
  map('service.name', toString(server_id), 'mcp_audit.tenant', toString(tenant), 'mcp_audit.server.name', toString(server_name)) AS ResourceAttributes,
  'mcp_audit' AS ScopeName,
  map(
    'log.record.uid', event_id, 'mcp.method.name', toString(method), 'gen_ai.tool.name', toString(tool_name),
    'mcp_audit.decision', toString(decision), 'mcp_audit.outcome', toString(outcome), 'mcp_audit.principal_key', toString(principal_key),
    'mcp_audit.client_key', toString(client_key), 'mcp_audit.session_fp', session_fp, 'mcp_audit.definition_hash', toString(definition_hash)
  ) AS LogAttributes,
  concat('mcp_audit.', event_type) AS EventName
FROM events;
