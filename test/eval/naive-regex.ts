/** What a day of work gives: forty alternatives over the text of a row. The line that every classifier has to beat. */
import type { EvalRow } from './corpora.ts'

const NAIVE = new RegExp(
  [
    '<important>|<system>|<secret>|<hidden>|\\[system\\]|<\\|im_start\\|>|\\[inst\\]',
    'ignore (?:all |any |the |your )?(?:previous|prior|above|earlier)',
    'disregard (?:all |any |the |your )?(?:previous|prior|above|earlier)',
    'forget (?:all |everything|your|previous)|override (?:all|the|your|previous|any)',
    'new instructions?:|system prompt|developer mode|jailbreak|you are now|act as (?:a|an|the) ',
    "do(?:n't| not) (?:tell|inform|mention|notify|alert|reveal|show)|without (?:telling|informing|notifying)",
    'keep (?:this|it) (?:secret|hidden|confidential)|silently|secretly|covertly',
    '\\.ssh|id_rsa|\\.aws/credentials|\\.env\\b|/etc/passwd|/etc/shadow|api[_ -]?keys?\\b.{0,40}(?:send|include|pass)',
    'exfiltrat|send (?:it|them|all|the).{0,40}https?://|curl .{0,80}\\|\\s*(?:ba)?sh|wget .{0,80}\\|\\s*(?:ba)?sh',
    'before (?:using|calling|invoking|executing) (?:this|any|other)|instead of (?:the|using)|must (?:first )?(?:call|use|read|execute)',
    'rm -rf|powershell|base64 -d|/dev/tcp|;\\s*cat |\\|\\s*nc |&&\\s*\\w+ ',
    "union select|' or '?1'?='?1|drop table|sleep\\(\\d|\\.\\./\\.\\./|169\\.254\\.169\\.254|\\{\\{.{0,40}\\}\\}|<script",
    '[\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2064]',
  ].join('|'),
  'iu',
)

export const naiveFlags = ({ rows }: EvalRow): boolean => rows.some((row) => NAIVE.test(textOf(row['after'] ?? row)))

/** Every text of the row, as one. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === null || typeof value !== 'object') return ''
  return Object.entries(value)
    .map(([name, inner]) => (name === 'before' || name === 'id' ? '' : textOf(inner)))
    .join('\n')
}
