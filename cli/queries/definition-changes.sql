-- Which definitions changed, when, and in which of their parts?
-- from = 90d
-- changed_at: when the new version was first seen.
-- old_hash: version before.
-- parts: parts that differ: title, description, input, output, annotations, meta.
-- new_classes: classes of content that the version before did not have.
SELECT
  changed_at, tenant, server_id, tool_name, old_hash, definition_hash, parts, new_classes, event_id
FROM (
  SELECT
    first_seen AS changed_at, tenant, server_id, tool_name, definition_hash, event_id,
    lagInFrame(definition_hash, 1, '') OVER w AS old_hash,
    arrayFilter(part -> part != '', [
      if(title_hash != lagInFrame(title_hash, 1, title_hash) OVER w, 'title', ''),
      if(description_hash != lagInFrame(description_hash, 1, description_hash) OVER w, 'description', ''),
      if(input_hash != lagInFrame(input_hash, 1, input_hash) OVER w, 'input', ''),
      if(output_hash != lagInFrame(output_hash, 1, output_hash) OVER w, 'output', ''),
      if(annotations_hash != lagInFrame(annotations_hash, 1, annotations_hash) OVER w, 'annotations', ''),
      if(meta_hash != lagInFrame(meta_hash, 1, meta_hash) OVER w, 'meta', '')
    ]) AS parts,
    arrayExcept(findings, lagInFrame(findings, 1, findings) OVER w) AS new_classes
  FROM definitions
  WHERE ({tenant:String} = '' OR tenant = {tenant:String})
    AND ({server:String} = '' OR server_id = {server:String})
    AND ({tool:String} = '' OR tool_name = {tool:String})
  WINDOW w AS (PARTITION BY tenant, server_id, tool_name ORDER BY first_seen ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
)
WHERE old_hash != '' AND changed_at BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
ORDER BY changed_at DESC
LIMIT {limit:UInt32}
