-- Which calls were made under a definition, or of a tool, and who is reached by it?
-- needs definition or tool
-- definition = '': hash of the definition, or its beginning; empty: every version
-- from = 30d
SELECT
  event_time, tenant, server_id, tool_name, definition_hash, principal_key, client_key, client_name, session_fp, decision, outcome, result_bytes,
  labels, request_uid
FROM calls
WHERE (tenant, server_id, call_key) IN (
    SELECT tenant, server_id, if(request_uid = '' OR source = 'span', event_id, request_uid)
    FROM events
    WHERE event_type IN ('tool.call', 'tool.result')
      AND ({tenant:String} = '' OR tenant = {tenant:String})
      AND ({server:String} = '' OR server_id = {server:String})
      AND ({tool:String} = '' OR tool_name = {tool:String})
      AND startsWith(definition_hash, {definition:String})
      AND event_time BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
  )
ORDER BY event_time, request_uid
LIMIT {limit:UInt32}
