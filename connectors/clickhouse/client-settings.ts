/** Settings that a client of ClickHouse's protocol sends along: limits may be lowered, forms of the answer chosen, nothing else changed. */
import { engineFault } from './failure.ts'

export type Settings = Readonly<Record<string, string | number>>

/** Limits of ours that a client may lower. */
const OURS = new Set(['max_result_rows', 'max_result_bytes', 'max_execution_time', 'max_memory_usage'])
/** Limits that we do not set ourselves; the number is the highest that is taken, absent: any, because less is always less. */
const LOWERED: Readonly<Record<string, number | undefined>> = {
  max_threads: 16,
  max_block_size: 65_536,
  max_rows_to_read: undefined,
  max_bytes_to_read: undefined,
  max_rows_to_group_by: undefined,
  max_rows_to_sort: undefined,
  max_bytes_to_sort: undefined,
  max_rows_in_distinct: undefined,
  max_rows_in_join: undefined,
  max_bytes_in_join: undefined,
  max_columns_to_read: undefined,
  max_ast_depth: 1_000,
  max_ast_elements: 50_000,
  max_query_size: 262_144,
}
/** They change how an answer looks or is computed, never what may be read or written. */
const CHOSEN = new Set([
  ...['date_time_input_format', 'date_time_output_format', 'session_timezone', 'cast_string_to_dynamic_use_inference'],
  ...['join_use_nulls', 'join_algorithm', 'final', 'limit', 'offset', 'extremes', 'totals_mode', 'group_by_use_nulls'],
  ...['format_csv_delimiter', 'bool_true_representation', 'bool_false_representation', 'distinct_overflow_mode'],
  ...['group_by_overflow_mode', 'sort_overflow_mode', 'read_overflow_mode'],
  ...['transform_null_in', 'union_default_mode', 'prefer_column_name_to_alias'],
  ...['any_join_distinct_right_table_keys', 'allow_experimental_analyzer', 'enable_analyzer', 'max_final_threads'],
])
/** The name stands in a statement as it is, so it is one. */
const OUTPUT_SETTING = /^output_format_[a-z0-9_]{1,100}$/
/** A path on the engine's disk, and sizes of a picture that is made whatever the rows are. */
const MORE_THAN_FORM = new Set(['output_format_schema', 'output_format_image_width', 'output_format_image_height'])
/** Of the protocol or of bookkeeping: what they ask for is done elsewhere, or does no harm when it is not done. */
const IGNORED = new Set([
  ...['session_id', 'session_timeout', 'session_check', 'close_session', 'quota_key', 'role', 'stacktrace'],
  ...['wait_end_of_query', 'buffer_size', 'send_progress_in_http_headers', 'http_headers_progress_interval_ms'],
  ...['enable_http_compression', 'cancel_http_readonly_queries_on_client_close', 'http_response_buffer_size'],
  ...['http_zlib_compression_level', 'http_write_exception_in_output_format', 'network_compression_method'],
  ...['network_zstd_compression_level', 'log_comment', 'log_queries', 'log_profile_events', 'connect_timeout'],
  ...['receive_timeout', 'send_timeout', 'http_receive_timeout', 'http_send_timeout', 'http_connection_timeout'],
  ...['tcp_keep_alive_timeout', 'priority', 'load_balancing', 'async_insert', 'wait_for_async_insert'],
  ...['insert_quorum', 'insert_deduplicate', 'input_format_import_nested_json', 'date_time_overflow_behavior'],
  ...[
    'use_client_time_zone',
    'interactive_delay',
    'send_logs_level',
    'prefer_localhost_replica',
    'idle_connection_timeout',
  ],
])

/**
 * What of `given` is put into force above `own`, our limits. Throws AuditdError('query_refused') with the engine's code 164 for a setting
 * that a read-only user may not change, and 72 for a limit that is no number.
 */
export function clientSettings(given: Readonly<Record<string, string>>, own: Settings): Settings {
  const settings: Record<string, string | number> = { ...own }
  for (const [name, value] of Object.entries(given)) {
    if (IGNORED.has(name) || name.startsWith('input_format_')) continue
    if (name === 'readonly' && value !== '0') continue
    if (OURS.has(name) || Object.hasOwn(LOWERED, name)) {
      const highest = OURS.has(name) ? Number(own[name]) : LOWERED[name]
      const asked = numberOf(name, value)
      // Zero means "no limit" to the engine: then ours stays.
      if (asked > 0) settings[name] = Math.min(asked, highest ?? asked)
    } else if (CHOSEN.has(name) || (OUTPUT_SETTING.test(name) && !MORE_THAN_FORM.has(name))) settings[name] = value
    else throw engineFault(164, 'READONLY', `Cannot modify '${name.slice(0, 64)}' setting in readonly mode.`)
  }
  return settings
}

function numberOf(name: string, value: string): number {
  const number = /^\d{1,18}(\.\d{1,6})?$/.test(value) ? Number(value) : Number.NaN
  if (Number.isFinite(number)) return number
  throw engineFault(72, 'CANNOT_PARSE_NUMBER', `Setting ${name} must be a number.`)
}

/** Names of query parameters as the engine takes them. */
export function checkParameterName(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) return name
  throw engineFault(36, 'BAD_ARGUMENTS', 'A query parameter must be named with letters, digits and underscores.')
}
/** A text as SQL reads it. */
export const sqlText = (value: string): string => `'${value.replace(/[\\']/g, '\\$&')}'`
