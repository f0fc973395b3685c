-- What people ask of most, one view each, and a comment on every table, view and column. A column of a view that has the name and meaning of
-- one of its table takes that one's comment (connectors/clickhouse/comments.ts); what a view computes is said here.

-- As before, and three things for large stores: `call_key`, by which a question can be narrowed before calls are put together; preferences
-- as numbers instead of tuples (a quarter of the time); and an aggregation that goes to disk instead of failing (1,000,000 events in all
-- columns need more memory than a reader may have). A number prefers what is said, then the call, or for outcomes the result.
CREATE OR REPLACE VIEW calls AS
SELECT
  argMin(e.event_id, toUnixTimestamp64Milli(e.received_at) + if(e.event_type = 'tool.call', 0, 1000000000000000)) AS event_id,
  argMin(e.event_type, toUnixTimestamp64Milli(e.received_at) + if(e.event_type = 'tool.call', 0, 1000000000000000)) AS event_type,
  argMin(e.event_time, toUnixTimestamp64Milli(e.received_at) + if(e.event_type = 'tool.call', 0, 1000000000000000)) AS event_time,
  min(e.received_at) AS received_at,
  e.tenant AS tenant,
  e.server_id AS server_id,
  if(e.request_uid = '' OR e.source = 'span', e.event_id, e.request_uid) AS call_key,
  max(e.server_claimed) AS server_claimed,
  argMax(e.transport, 2 * (e.transport != '') + (e.event_type = 'tool.call')) AS transport,
  argMax(e.era, 2 * (e.era != '') + (e.event_type = 'tool.call')) AS era,
  argMax(e.protocol_version, 2 * (e.protocol_version != '') + (e.event_type = 'tool.call')) AS protocol_version,
  argMax(e.request_uid, e.request_uid != '') AS request_uid,
  argMax(e.logical_call_id, 2 * (e.logical_call_id != '') + (e.event_type = 'tool.call')) AS logical_call_id,
  argMax(e.trace_id, 2 * (e.trace_id != '') + (e.event_type = 'tool.call')) AS trace_id,
  argMax(e.span_id, 2 * (e.span_id != '') + (e.event_type = 'tool.call')) AS span_id,
  argMax(e.principal_key, 2 * (e.principal_key != '') + (e.event_type = 'tool.call')) AS principal_key,
  argMax(e.principal_kind, 2 * (e.principal_kind != '') + (e.event_type = 'tool.call')) AS principal_kind,
  argMax(e.actor_keys, 2 * notEmpty(e.actor_keys) + (e.event_type = 'tool.call')) AS actor_keys,
  argMax(e.tenant_key, 2 * (e.tenant_key != '') + (e.event_type = 'tool.call')) AS tenant_key,
  argMax(e.client_key, 2 * (e.client_key != '') + (e.event_type = 'tool.call')) AS client_key,
  argMax(e.client_kind, 2 * (e.client_kind != '') + (e.event_type = 'tool.call')) AS client_kind,
  argMax(e.client_name, 2 * (e.client_name != '') + (e.event_type = 'tool.call')) AS client_name,
  argMax(e.client_version, 2 * (e.client_version != '') + (e.event_type = 'tool.call')) AS client_version,
  argMax(e.session_fp, 2 * (e.session_fp != '') + (e.event_type = 'tool.call')) AS session_fp,
  argMax(e.correlation_key, 2 * (e.correlation_key != '') + (e.event_type = 'tool.call')) AS correlation_key,
  argMax(e.source_address_fp, 2 * (e.source_address_fp != '') + (e.event_type = 'tool.call')) AS source_address_fp,
  argMax(e.address_class, 2 * (e.address_class != '') + (e.event_type = 'tool.call')) AS address_class,
  argMax(e.tool_name, 2 * (e.tool_name != '') + (e.event_type = 'tool.call')) AS tool_name,
  argMax(e.definition_hash, 2 * (e.definition_hash != '') + (e.event_type = 'tool.call')) AS definition_hash,
  argMax(e.tool_risk, 2 * (e.tool_risk != '') + (e.event_type = 'tool.call')) AS tool_risk,
  argMax(e.server_owner, 2 * (e.server_owner != '') + (e.event_type = 'tool.call')) AS server_owner,
  argMax(e.server_env, 2 * (e.server_env != '') + (e.event_type = 'tool.call')) AS server_env,
  argMax(e.decision, 2 * (e.decision != '') + (e.event_type = 'tool.result')) AS decision,
  argMax(e.outcome, 2 * (e.outcome != '') + (e.event_type = 'tool.result')) AS outcome,
  argMax(e.error_code, 2 * (e.error_code != '') + (e.event_type = 'tool.result')) AS error_code,
  max(e.duration_ms) AS duration_ms,
  toBool(max(JSONExtractBool(e.fields, 'isError'))) AS is_error,
  max(JSONExtractUInt(e.fields, 'argsBytes')) AS args_bytes,
  max(JSONExtractUInt(e.fields, 'bytes')) AS result_bytes,
  argMax(JSONExtractString(e.fields, 'resultType'), JSONExtractString(e.fields, 'resultType') != '') AS result_type,
  max(JSONExtractUInt(e.fields, 'round')) AS round,
  maxIf(e.event_id, e.event_type = 'tool.result') AS result_event_id,
  arraySort(groupUniqArrayArray(e.labels)) AS labels,
  argMax(e.vantage, 2 * (e.vantage != '') + (e.event_type = 'tool.call')) AS vantage,
  argMax(e.source, 2 * (e.source != '') + (e.event_type = 'tool.call')) AS source
FROM events AS e
WHERE e.event_type IN ('tool.call', 'tool.result')
GROUP BY tenant, server_id, call_key
SETTINGS max_bytes_before_external_group_by = 400000000;

-- Straight from the events of results, so that a time, a tool or a person narrows it before anything is read: for charts and long times.
CREATE OR REPLACE VIEW call_ends AS
SELECT
  event_id, event_type, event_time, received_at, tenant, server_id, principal_key, principal_kind, client_key, client_name, session_fp,
  source_address_fp, tool_name, definition_hash, tool_risk, decision, outcome, error_code, duration_ms, labels, request_uid, trace_id, span_id,
  vantage, source,
  if(request_uid = '' OR source = 'span', event_id, request_uid) AS call_key,
  toBool(JSONExtractBool(fields, 'isError')) AS is_error,
  JSONExtractUInt(fields, 'bytes') AS result_bytes
FROM events
WHERE event_type = 'tool.result' OR (event_type = 'tool.call' AND source = 'span');
ALTER TABLE call_ends MODIFY COMMENT 'Calls that ended, one row per result: for charts. calls has also those without a result, and is slower over long times.';
ALTER TABLE call_ends
  COMMENT COLUMN call_key 'Identity of the call within tenant and server: its request, or the event of a foreign span. [id; ours]',
  COMMENT COLUMN is_error 'The result says isError. [boolean; server]',
  COMMENT COLUMN result_bytes 'Size of the result as JSON. [bytes; server]';

-- Rows lie by server and receipt; this lets a question about a time pass over the blocks of other times. New parts have it.
ALTER TABLE events ADD INDEX IF NOT EXISTS event_time_range event_time TYPE minmax GRANULARITY 1;

CREATE OR REPLACE VIEW sessions AS
SELECT
  e.tenant AS tenant,
  e.server_id AS server_id,
  e.session_fp AS session_fp,
  min(e.event_time) AS first_seen,
  max(e.event_time) AS last_seen,
  uniqExact(e.event_id) AS events,
  uniqExactIf(e.request_uid, e.event_type = 'tool.call') AS calls,
  uniqExactIf(e.event_id, e.decision IN ('deny', 'challenge')) AS refusals,
  arraySort(groupUniqArrayIf(100)(toString(e.principal_key), e.principal_key != '')) AS principals,
  arraySort(groupUniqArrayIf(100)(toString(e.client_key), e.client_key != '')) AS clients,
  arraySort(groupUniqArrayIf(100)(toString(e.client_name), e.client_name != '')) AS client_names,
  arraySort(groupUniqArrayIf(100)(toString(e.tool_name), e.tool_name != '')) AS tools,
  uniqExactIf(e.source_address_fp, e.source_address_fp != '') AS addresses
FROM events AS e
WHERE e.session_fp != ''
GROUP BY e.tenant, e.server_id, e.session_fp;
ALTER TABLE sessions MODIFY COMMENT 'Sessions of the legacy era: who used each, with what, from when to when. More than one principal is a session that was taken over or shared.';
ALTER TABLE sessions
  COMMENT COLUMN first_seen 'Event time of its first event. [RFC 3339 UTC; server]',
  COMMENT COLUMN last_seen 'Event time of its last event. [RFC 3339 UTC; server]',
  COMMENT COLUMN events 'Events in it, each once. [number; ours]',
  COMMENT COLUMN calls 'Tool calls in it. [number; ours]',
  COMMENT COLUMN refusals 'Events in it that were denied or challenged. [number; ours]',
  COMMENT COLUMN principals 'Principals seen in it, at most 100. [id; server]',
  COMMENT COLUMN clients 'OAuth clients seen in it, verified, at most 100. [text; server]',
  COMMENT COLUMN client_names 'Names that clients claimed in it, at most 100. [text; client]',
  COMMENT COLUMN tools 'Tools called in it, at most 100. [text; client]',
  COMMENT COLUMN addresses 'Source addresses seen in it, counted by keyed hash. [number; server]';

CREATE OR REPLACE VIEW principals AS
SELECT
  e.tenant AS tenant,
  e.principal_key AS principal_key,
  argMax(e.principal_kind, (e.principal_kind != '', e.event_time)) AS principal_kind,
  min(e.event_time) AS first_seen,
  max(e.event_time) AS last_seen,
  uniqExact(e.event_id) AS events,
  uniqExactIf(e.request_uid, e.event_type = 'tool.call') AS calls,
  uniqExactIf(e.event_id, e.decision IN ('deny', 'challenge')) AS refusals,
  arraySort(groupUniqArray(200)(toString(e.server_id))) AS servers,
  arraySort(groupUniqArrayIf(200)(toString(e.client_key), e.client_key != '')) AS clients,
  arraySort(groupUniqArrayIf(200)(toString(e.tool_name), e.tool_name != '')) AS tools,
  arraySort(groupUniqArrayArray(200)(if(e.event_type = 'auth.token.validated', JSONExtract(e.fields, 'scopes', 'Array(String)'), []))) AS scopes,
  uniqExactIf(e.session_fp, e.session_fp != '') AS sessions,
  uniqExactIf(e.source_address_fp, e.source_address_fp != '') AS addresses
FROM events AS e
WHERE e.principal_key != ''
GROUP BY e.tenant, e.principal_key;
ALTER TABLE principals MODIFY COMMENT 'People and workloads by key: where they were seen, what they used and what their tokens allowed.';
ALTER TABLE principals
  COMMENT COLUMN first_seen 'Event time of the first event of the principal. [RFC 3339 UTC; server]',
  COMMENT COLUMN last_seen 'Event time of the last event of the principal. [RFC 3339 UTC; server]',
  COMMENT COLUMN events 'Events of the principal, each once. [number; ours]',
  COMMENT COLUMN calls 'Tool calls. [number; ours]',
  COMMENT COLUMN refusals 'Events that were denied or challenged. [number; ours]',
  COMMENT COLUMN servers 'Servers it was seen on, at most 200. [text; ours]',
  COMMENT COLUMN clients 'OAuth clients it came with, verified, at most 200. [text; server]',
  COMMENT COLUMN tools 'Tools it called, at most 200. [text; client]',
  COMMENT COLUMN scopes 'Scopes that its validated tokens held, at most 200. [text; server]',
  COMMENT COLUMN sessions 'Sessions it was seen in. [number; server]',
  COMMENT COLUMN addresses 'Source addresses it came from, counted by keyed hash. [number; server]';

CREATE OR REPLACE VIEW tokens AS
SELECT
  tenant,
  token_fp,
  argMax(t.principal_key, (t.principal_key != '', t.event_time)) AS principal_key,
  argMax(t.client_key, (t.client_key != '', t.event_time)) AS client_key,
  argMax(t.iss, t.event_time) AS iss,
  argMax(t.aud, t.event_time) AS aud,
  argMax(t.scopes, t.event_time) AS scopes,
  argMax(t.roles, t.event_time) AS roles,
  argMax(t.token_kind, t.event_time) AS token_kind,
  max(t.issued_at) AS issued_at,
  max(t.exp_at) AS exp_at,
  min(t.event_time) AS first_seen,
  max(t.event_time) AS last_seen,
  uniqExact(t.event_id) AS validations,
  uniqExactIf(t.event_id, t.decision IN ('deny', 'challenge')) AS refusals,
  arraySort(groupUniqArray(100)(toString(t.server_id))) AS servers,
  uniqExactIf(t.source_address_fp, t.source_address_fp != '') AS addresses,
  uniqExactIf(t.session_fp, t.session_fp != '') AS sessions
FROM (
  SELECT
    tenant, server_id, event_id, event_time, principal_key, client_key, decision, session_fp, source_address_fp,
    JSONExtractString(fields, 'tokenFp') AS token_fp,
    JSONExtractString(fields, 'iss') AS iss,
    JSONExtract(fields, 'aud', 'Array(String)') AS aud,
    JSONExtract(fields, 'scopes', 'Array(String)') AS scopes,
    JSONExtract(fields, 'roles', 'Array(String)') AS roles,
    JSONExtractString(fields, 'tokenKind') AS token_kind,
    JSONExtractInt(fields, 'issuedAt') AS issued_at,
    JSONExtractInt(fields, 'expAt') AS exp_at
  FROM events
  WHERE event_type = 'auth.token.validated'
) AS t
WHERE token_fp != ''
GROUP BY tenant, token_fp;
ALTER TABLE tokens MODIFY COMMENT 'Tokens by fingerprint: whose, for whom, what they allow, where and how often they were shown. More than one address or server asks for a look.';
ALTER TABLE tokens
  COMMENT COLUMN token_fp 'Keyed hash of the token id, else of the token. [id; server]',
  COMMENT COLUMN iss 'Issuer. [text; server]',
  COMMENT COLUMN aud 'Audiences of the token. [text; server]',
  COMMENT COLUMN scopes 'Scopes (scope, scp). [text; server]',
  COMMENT COLUMN roles 'Application roles. [text; server]',
  COMMENT COLUMN token_kind 'Form of the token. [jwt | opaque | none; server]',
  COMMENT COLUMN issued_at 'Time of issue, 0 when unknown. [seconds since 1970; server]',
  COMMENT COLUMN exp_at 'Expiry, 0 when unknown. [seconds since 1970; server]',
  COMMENT COLUMN first_seen 'Event time of the first validation. [RFC 3339 UTC; server]',
  COMMENT COLUMN last_seen 'Event time of the last validation. [RFC 3339 UTC; server]',
  COMMENT COLUMN validations 'How often it was validated, accepted or not. [number; ours]',
  COMMENT COLUMN refusals 'How often it was refused. [number; ours]',
  COMMENT COLUMN servers 'Servers it was shown to, at most 100. [text; ours]',
  COMMENT COLUMN addresses 'Source addresses it came from, counted by keyed hash. [number; server]',
  COMMENT COLUMN sessions 'Sessions it was used in. [number; server]';

-- One row for each handle in an event. Sessions stand in `sessions`; the handles here outlive them.
CREATE OR REPLACE VIEW handle_uses AS
SELECT
  event_id, event_type, event_time, received_at, tenant, server_id, principal_key, client_key, session_fp, tool_name, definition_hash,
  decision, outcome, request_uid, trace_id, span_id, vantage, source,
  tupleElement(handle, 1) AS handle_fp,
  tupleElement(handle, 2) AS handle_kind,
  tupleElement(handle, 3) AS use,
  tupleElement(handle, 4) AS policy
FROM events FINAL
ARRAY JOIN arrayFilter(h -> tupleElement(h, 1) != '', arrayConcat(
  arrayMap(h -> (JSONExtractString(h, 'fp'), 'handle', 'presented', JSONExtractString(h, 'policy')), JSONExtractArrayRaw(fields, 'argHandles')),
  arrayMap(h -> (JSONExtractString(h, 'fp'), 'handle', 'minted', JSONExtractString(h, 'policy')), JSONExtractArrayRaw(fields, 'mintedHandles')),
  [
    (JSONExtractString(fields, 'stateFp'), 'state', if(event_type = 'mrtr.input_required', 'minted', 'presented'), ''),
    (if(event_type IN ('tool.result', 'task.ended'), '', JSONExtractString(fields, 'taskFp')), 'task', if(event_type = 'task.created', 'minted', 'presented'), ''),
    (JSONExtractString(fields, 'handleFp'), 'elicitation', if(event_type = 'elicitation.requested', 'minted', 'presented'), '')
  ]
)) AS handle
WHERE event_type IN (
  'tool.call', 'tool.result', 'mrtr.input_required', 'mrtr.retry', 'task.created', 'task.accessed', 'task.ended', 'elicitation.requested',
  'elicitation.completed'
)
SETTINGS do_not_merge_across_partitions_select_final = 0;
ALTER TABLE handle_uses MODIFY COMMENT 'Bearer handles: who was given one and who presented it. A handle that somebody else presents is reuse.';
ALTER TABLE handle_uses
  COMMENT COLUMN handle_fp 'Keyed hash of the handle. [id; server]',
  COMMENT COLUMN handle_kind 'handle: in arguments or results; state: requestState; task: task id; elicitation: elicitation id. [handle | state | task | elicitation; ours]',
  COMMENT COLUMN use 'minted: the server handed it out; presented: the caller sent it. [minted | presented; ours]',
  COMMENT COLUMN policy 'private: its owner alone may use it; empty when unknown. [private | shared | unknown; server]';

CREATE OR REPLACE VIEW content AS
SELECT
  event_id, event_type, event_time, received_at, tenant, server_id, principal_key, principal_kind, client_key, client_name, session_fp,
  correlation_key, tool_name, definition_hash, decision, outcome, request_uid, trace_id, span_id, vantage, source,
  JSONExtractString(fields, 'surface') AS surface,
  JSONExtractString(fields, 'findingClass') AS finding_class,
  splitByChar('.', finding_class)[1] AS category,
  greatest(JSONExtractUInt(fields, 'hits'), 1) AS hits,
  JSONExtractFloat(fields, 'score') AS score,
  JSONExtractString(fields, 'detector') AS detector,
  JSONExtractString(fields, 'verdict') AS verdict,
  JSONExtractString(fields, 'contentPath') AS content_path,
  JSONExtractString(fields, 'spanHash') AS span_hash,
  JSONExtract(fields, 'decodings', 'Array(String)') AS decodings,
  JSONExtract(fields, 'domains', 'Array(String)') AS domains
FROM events FINAL
WHERE event_type = 'content.finding'
SETTINGS do_not_merge_across_partitions_select_final = 0;
ALTER TABLE content MODIFY COMMENT 'What content classifiers found in arguments, results and definitions: classes and places, never the content.';
ALTER TABLE content
  COMMENT COLUMN surface 'Where it was found. [definition | arguments | result | resource | prompt | elicitation | sampling | error | instructions; server]',
  COMMENT COLUMN finding_class 'Class: secret.github_token, pii.email, injection.conceal, unicode.tag, … [text; server]',
  COMMENT COLUMN category 'First word of the class: secret, pii, injection, unicode, … [text; ours]',
  COMMENT COLUMN hits 'Hits, at least 1. [number; server]',
  COMMENT COLUMN score 'Confidence of the classifier. [0..1; server]',
  COMMENT COLUMN detector 'Classifier. [text; server]',
  COMMENT COLUMN verdict 'What the classifier says. [benign | suspicious | malicious | unknown; server]',
  COMMENT COLUMN content_path 'Path within the arguments, result or definition. [text; server]',
  COMMENT COLUMN span_hash 'Keyed hash of the span: the same text found twice has the same. [id; server]',
  COMMENT COLUMN decodings 'Decodings it was found under, outermost first. [text; server]',
  COMMENT COLUMN domains 'Host names inside the span. [text; server]';

CREATE OR REPLACE VIEW outbound AS
SELECT
  event_id, event_type, event_time, received_at, tenant, server_id, principal_key, client_key, session_fp, tool_name, definition_hash,
  decision, outcome, request_uid, trace_id, span_id, vantage, source,
  JSONExtractString(fields, 'destinationHost') AS destination_host,
  JSONExtractString(fields, 'pathClass') AS path_class,
  JSONExtractString(fields, 'verb') AS verb,
  JSONExtractString(fields, 'ipClass') AS ip_class,
  toBool(JSONExtractBool(fields, 'argumentMatch')) AS argument_match,
  JSONExtract(fields, 'redirectHosts', 'Array(String)') AS redirect_hosts,
  JSONExtractString(fields, 'credentialRelation') AS credential_relation,
  JSONExtract(fields, 'sentAud', 'Array(String)') AS sent_aud,
  JSONExtractUInt(fields, 'status') AS status,
  JSONExtractString(fields, 'failure') AS failure,
  JSONExtractUInt(fields, 'bytesOut') AS bytes_out
FROM events FINAL
WHERE event_type = 'outbound.request'
SETTINGS do_not_merge_across_partitions_select_final = 0;
ALTER TABLE outbound MODIFY COMMENT 'Requests that servers make while they answer: to whom, with whose credential, how much.';
ALTER TABLE outbound
  COMMENT COLUMN destination_host 'Registrable host name. [text; server]',
  COMMENT COLUMN path_class 'Class of the path: token, introspect, api, other. [text; server]',
  COMMENT COLUMN verb 'HTTP verb. [text; server]',
  COMMENT COLUMN ip_class 'Class of the address after DNS. [loopback | private | link_local | public | unknown; server]',
  COMMENT COLUMN argument_match 'The host stands in the call’s arguments. [boolean; server]',
  COMMENT COLUMN redirect_hosts 'Hosts it was redirected to, in order. [text; server]',
  COMMENT COLUMN credential_relation 'How the sent credential relates to the caller’s. [same_token | exchanged | service_identity | none | unknown; server]',
  COMMENT COLUMN sent_aud 'Audiences of the sent token. [text; server]',
  COMMENT COLUMN status 'Status of the answer. [HTTP status; server]',
  COMMENT COLUMN failure 'Why there was no answer. [text; server]',
  COMMENT COLUMN bytes_out 'Bytes sent. [bytes; server]';

CREATE OR REPLACE VIEW server_health AS
SELECT
  tenant,
  server_id,
  argMax(p.server_name, (p.server_name != '', p.last_seen)) AS server_name,
  argMax(p.server_version, (p.server_version != '', p.last_seen)) AS server_version,
  argMax(p.build_digest, (p.build_digest != '', p.last_seen)) AS build_digest,
  argMax(p.sdk, (p.sdk != '', p.last_seen)) AS sdk,
  argMax(p.sdk_version, (p.sdk_version != '', p.last_seen)) AS sdk_version,
  argMax(p.integration_version, (p.integration_version != '', p.last_seen)) AS integration_version,
  argMax(p.server_owner, p.last_seen) AS server_owner,
  argMax(p.server_env, p.last_seen) AS server_env,
  arraySort(groupUniqArrayArray(p.transports)) AS transports,
  arraySort(groupUniqArrayArray(p.protocol_versions)) AS protocol_versions,
  arraySort(groupUniqArrayArray(p.vantages)) AS vantages,
  min(p.first_seen) AS first_seen,
  max(p.last_seen) AS last_seen,
  max(p.last_received) AS last_received,
  max(p.last_heartbeat) AS last_heartbeat,
  uniqExactIf(p.producer_id, p.producer_id != '') AS producers,
  sum(p.events) AS events,
  sum(p.drops) AS drops,
  max(p.claimed) AS server_claimed
FROM (
  SELECT
    tenant, server_id, producer_id,
    argMax(e.server_name, (e.server_name != '', e.event_time)) AS server_name,
    argMax(e.server_version, (e.server_version != '', e.event_time)) AS server_version,
    argMax(e.build_digest, (e.build_digest != '', e.event_time)) AS build_digest,
    argMax(e.sdk, (e.sdk != '', e.event_time)) AS sdk,
    argMax(e.sdk_version, (e.sdk_version != '', e.event_time)) AS sdk_version,
    argMax(e.integration_version, (e.integration_version != '', e.event_time)) AS integration_version,
    argMax(e.server_owner, e.event_time) AS server_owner,
    argMax(e.server_env, e.event_time) AS server_env,
    groupUniqArrayIf(10)(toString(e.transport), e.transport != '') AS transports,
    groupUniqArrayIf(20)(toString(e.protocol_version), e.protocol_version != '') AS protocol_versions,
    groupUniqArrayIf(5)(toString(e.vantage), e.vantage != '') AS vantages,
    min(e.event_time) AS first_seen,
    max(e.event_time) AS last_seen,
    max(e.received_at) AS last_received,
    maxIf(e.event_time, e.event_type = 'server.heartbeat') AS last_heartbeat,
    uniqExact(e.event_id) AS events,
    max(if(e.event_type IN ('server.heartbeat', 'server.stopped'), JSONExtractUInt(e.fields, 'drops'), 0)) AS drops,
    max(e.server_claimed) AS claimed
  FROM events AS e
  GROUP BY tenant, server_id, producer_id
) AS p
GROUP BY tenant, server_id;
ALTER TABLE server_health MODIFY COMMENT 'Servers as they report themselves: versions, when they were last heard, how many events they say they dropped.';
ALTER TABLE server_health
  COMMENT COLUMN transports 'Transports seen. [http | sse_legacy | stdio | inproc; server]',
  COMMENT COLUMN protocol_versions 'MCP protocol versions seen, at most 20 for each producer. [text; server]',
  COMMENT COLUMN vantages 'From where it is seen. [server | gateway | client; ours]',
  COMMENT COLUMN first_seen 'Event time of its first event. [RFC 3339 UTC; server]',
  COMMENT COLUMN last_seen 'Event time of its last event. [RFC 3339 UTC; server]',
  COMMENT COLUMN last_received 'When we last received an event of it. [RFC 3339 UTC; ours]',
  COMMENT COLUMN last_heartbeat 'Event time of its last heartbeat; 1970 when it sends none. [RFC 3339 UTC; server]',
  COMMENT COLUMN producers 'Instances of the instrumentation that sent for it. [number; server]',
  COMMENT COLUMN events 'Events stored, each once. [number; ours]',
  COMMENT COLUMN drops 'Events its instances say they dropped. [number; server]',
  COMMENT COLUMN server_claimed 'At least one event carried a server id that no credential vouches for. [boolean; ours]';

-- Numbers that a producer gave and that the store does not have. Rows that retention removed look the same: ask within it.
CREATE OR REPLACE VIEW gaps AS
SELECT
  tenant,
  server_id,
  producer_id,
  toUInt64(before + 1) AS first_missing,
  toUInt64(producer_seq - 1) AS last_missing,
  toUInt64(producer_seq - before - 1) AS missing,
  event_time AS noticed_at,
  event_id AS next_event_id
FROM (
  SELECT
    tenant, server_id, producer_id, producer_seq, event_time, event_id,
    lagInFrame(toUInt64(producer_seq), 1, toUInt64(0)) OVER (
      PARTITION BY tenant, server_id, producer_id ORDER BY producer_seq ROWS BETWEEN 1 PRECEDING AND CURRENT ROW
    ) AS before
  FROM events
  WHERE producer_seq > 0
)
WHERE producer_seq > before + 1;
ALTER TABLE gaps MODIFY COMMENT 'Gaps in the numbers of a producer: events it made that are not stored.';
ALTER TABLE gaps
  COMMENT COLUMN first_missing 'First number that is missing. [number; server]',
  COMMENT COLUMN last_missing 'Last number that is missing. [number; server]',
  COMMENT COLUMN missing 'How many are missing. [number; ours]',
  COMMENT COLUMN noticed_at 'Event time of the event after the gap. [RFC 3339 UTC; server]',
  COMMENT COLUMN next_event_id 'The event after the gap. [id; server]';

-- The exact columns and types of the Collector's ClickHouse exporter 0.161, and TimestampTime of its older layout: Grafana and HyperDX know them.
CREATE OR REPLACE VIEW otel_logs
(
  Timestamp DateTime64(9) COMMENT 'Event time. [RFC 3339; server]',
  TimestampTime DateTime COMMENT 'Event time in seconds. [RFC 3339; server]',
  TraceId String COMMENT 'Trace id, lower-case hex. [id; client]',
  SpanId String COMMENT 'Span id, lower-case hex. [id; client]',
  TraceFlags UInt8 COMMENT 'Always 0: audit events are not sampled. [number; ours]',
  SeverityText LowCardinality(String) COMMENT 'WARN when it was refused or failed. [INFO | WARN; ours]',
  SeverityNumber UInt8 COMMENT 'The same as a number. [9 | 13; ours]',
  ServiceName LowCardinality(String) COMMENT 'The MCP server. [text; ours]',
  Body String COMMENT 'Fields of the type beyond the envelope, as JSON. [JSON; as the field says]',
  ResourceSchemaUrl LowCardinality(String) COMMENT 'Empty. [text; ours]',
  ResourceAttributes Map(LowCardinality(String), String) COMMENT 'Server and tenant. [map; ours]',
  ScopeSchemaUrl LowCardinality(String) COMMENT 'Empty. [text; ours]',
  ScopeName String COMMENT 'Always mcp_audit. [text; ours]',
  ScopeVersion LowCardinality(String) COMMENT 'Version of the instrumentation or adapter. [text; server]',
  ScopeAttributes Map(LowCardinality(String), String) COMMENT 'From where it was seen and what it was made from. [map; ours]',
  LogAttributes Map(LowCardinality(String), String) COMMENT 'Envelope of the event under the names of the OTLP record. [map; as the field says]',
  EventName String COMMENT 'Type of the event behind mcp_audit. [text; ours]'
) AS
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
  '' AS ResourceSchemaUrl,
  map(
    'service.name', toString(server_id), 'service.version', toString(server_version), 'mcp_audit.tenant', toString(tenant),
    'mcp_audit.server.id', toString(server_id), 'mcp_audit.server.name', toString(server_name)
  ) AS ResourceAttributes,
  '' AS ScopeSchemaUrl,
  'mcp_audit' AS ScopeName,
  integration_version AS ScopeVersion,
  map('mcp_audit.vantage', toString(vantage), 'mcp_audit.source', toString(source)) AS ScopeAttributes,
  mapFilter((k, v) -> v != '', map(
    'log.record.uid', event_id, 'mcp.method.name', toString(method), 'gen_ai.tool.name', toString(tool_name),
    'mcp_audit.decision', toString(decision), 'mcp_audit.outcome', toString(outcome), 'mcp_audit.principal_key', toString(principal_key),
    'mcp_audit.client_key', toString(client_key), 'mcp_audit.session_fp', session_fp, 'mcp_audit.definition_hash', toString(definition_hash),
    'mcp_audit.request_uid', request_uid, 'error.type', toString(error_code)
  )) AS LogAttributes,
  concat('mcp_audit.', event_type) AS EventName
FROM events
COMMENT 'Events in the shape of the OpenTelemetry Collector’s ClickHouse exporter, for Grafana and HyperDX.';

ALTER TABLE events_exact MODIFY COMMENT 'Audit events, each exactly once: for evidence and verification. Slower than events on large scans.';
ALTER TABLE findings MODIFY COMMENT 'What rules matched, each once; those that alert, and those of rules that only watch or are suppressed.';
ALTER TABLE alerts MODIFY COMMENT 'Alerts in their latest revision: what a person gets.';
ALTER TABLE coverage MODIFY COMMENT 'For each rule, server and hour whether the rule could see, how often it looked and matched. No row, or 0 evaluations: not evaluated.';
ALTER TABLE coverage COMMENT COLUMN verdict 'not evaluated; checked, nothing found; or found. [text; ours]';
ALTER TABLE coverage_now MODIFY COMMENT 'How each rule stands on each server by what arrived in the last 24 hours.';
ALTER TABLE coverage_now
  COMMENT COLUMN evaluations_24h 'Events the rule looked at in 24 hours. [number; ours]',
  COMMENT COLUMN matches_24h 'Times it matched in 24 hours. [number; ours]',
  COMMENT COLUMN last_hour 'Last hour in which it was evaluated. [RFC 3339 UTC; ours]';
ALTER TABLE schema_migrations
  COMMENT COLUMN name 'File of the migration. [text; ours]',
  COMMENT COLUMN sha256 'SHA-256 of its text. [id; ours]',
  COMMENT COLUMN applied_at 'When it was applied. [time; ours]';
ALTER TABLE calls MODIFY COMMENT 'Tool calls with their results: one row per request. What a result says wins where both say it.';
ALTER TABLE calls
  COMMENT COLUMN call_key 'Identity of the call within tenant and server: its request, or the event of a foreign span. [id; ours]',
  COMMENT COLUMN is_error 'The result says isError. [boolean; server]',
  COMMENT COLUMN args_bytes 'Size of the arguments as JSON. [bytes; server]',
  COMMENT COLUMN result_bytes 'Size of the result as JSON. [bytes; server]',
  COMMENT COLUMN result_type 'complete, input_required, task, error. [text; server]',
  COMMENT COLUMN round 'Round of a multi-round-trip call, from 1. [number; server]',
  COMMENT COLUMN result_event_id 'Event of the result; empty when none came. [id; server]';
ALTER TABLE auth MODIFY COMMENT 'Token validations, challenges, authorization decisions and tokens issued, with what was compared.';
ALTER TABLE auth
  COMMENT COLUMN reason 'Why it was accepted or refused. [text; server]',
  COMMENT COLUMN iss 'Issuer. [text; server]',
  COMMENT COLUMN aud 'Audiences of the token; empty when it names none. [text; server]',
  COMMENT COLUMN expected_aud 'Audiences this server answers to. [text; server]',
  COMMENT COLUMN resource 'Resource indicators the token is bound to, or that were asked for. [text; server]',
  COMMENT COLUMN scopes 'Scopes of the token, or issued. [text; server]',
  COMMENT COLUMN roles 'Application roles. [text; server]',
  COMMENT COLUMN required_scopes 'Scopes the operation needs. [text; server]',
  COMMENT COLUMN granted_scopes 'Scopes the caller has. [text; server]',
  COMMENT COLUMN scopes_challenged 'Scopes the server asked for in its challenge. [text; server]',
  COMMENT COLUMN requested_scopes 'Scopes asked for when a token was issued. [text; server]',
  COMMENT COLUMN scheme 'Authorization scheme: bearer, dpop, mtls. [text; server]',
  COMMENT COLUMN token_kind 'Form of the token. [jwt | opaque | none; server]',
  COMMENT COLUMN token_fp 'Keyed hash of the token id, else of the token. [id; server]',
  COMMENT COLUMN tid 'Entra tenant id. [text; server]',
  COMMENT COLUMN idtyp 'Entra idtyp: user or app. [text; server]',
  COMMENT COLUMN issued_at 'Time of issue, 0 when unknown. [seconds since 1970; server]',
  COMMENT COLUMN exp_at 'Expiry, 0 when unknown. [seconds since 1970; server]',
  COMMENT COLUMN grant_type 'OAuth grant type. [text; server]',
  COMMENT COLUMN status 'Status of the answer. [HTTP status; server]',
  COMMENT COLUMN error 'error of WWW-Authenticate or of the policy engine. [text; server]',
  COMMENT COLUMN policy_id 'Policy that decided. [text; server]';
ALTER TABLE definitions MODIFY COMMENT 'Every version of every tool definition a server has shown: one row per tenant, server, tool and hash.';
ALTER TABLE definitions
  COMMENT COLUMN first_seen 'Event time of the first list with this version. [RFC 3339 UTC; server]',
  COMMENT COLUMN last_seen 'Event time of the last list with this version. [RFC 3339 UTC; server]',
  COMMENT COLUMN event_id 'Event that first showed it. [id; server]',
  COMMENT COLUMN last_event_id 'Event that last showed it. [id; server]',
  COMMENT COLUMN description_hash 'SHA-256 of the description. [id; server]',
  COMMENT COLUMN input_hash 'SHA-256 of the input schema. [id; server]',
  COMMENT COLUMN output_hash 'SHA-256 of the output schema; empty for none. [id; server]',
  COMMENT COLUMN annotations_hash 'SHA-256 of the annotations. [id; server]',
  COMMENT COLUMN title_hash 'SHA-256 of the title. [id; server]',
  COMMENT COLUMN meta_hash 'SHA-256 of _meta. [id; server]',
  COMMENT COLUMN input_fields 'Names of the input’s properties, required ones with an exclamation mark in front. [text; server]',
  COMMENT COLUMN annotations 'Annotations that are true or false, such as readOnlyHint=true. [text; server]',
  COMMENT COLUMN findings 'Classes the content classifiers reported for its texts. [text; server]';
