-- How many events of which type are stored for each day, and since when?
-- from = 400d
-- day: day of receipt, UTC.
-- rows_stored: rows, copies included.
-- copies: rows that stand twice until parts merge; events_exact shows each once.
-- fields_bytes: bytes of the fields as JSON, before compression.
SELECT
  toDate(received_at, 'UTC') AS day, tenant, event_type, count() AS rows_stored, rows_stored - uniqExact(server_id, event_id) AS copies,
  sum(length(fields)) AS fields_bytes, min(event_time) AS first_seen, max(event_time) AS last_seen
FROM events
WHERE ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({server:String} = '' OR server_id = {server:String})
  AND received_at BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
GROUP BY day, tenant, event_type
ORDER BY day DESC, rows_stored DESC
LIMIT {limit:UInt32}
