/** Dead letters: what was refused, why, and a digest that finds repeats. The refused content itself is not kept. */
import { createHash } from 'node:crypto'
import type { DeadLetter } from '../schemas/ports.ts'
import type { Position } from '../schemas/position.ts'
import { holdsHandle } from './instrument/messages/handles.ts'
import { REDACTED } from './instrument/names.ts'

const FIELD_CHARS = 128
const REASON_CHARS = 256

/** `refused` is the candidate or its bytes; field names come from the sender: cut, printable, and none that nobody could guess. */
export function deadLetter(
  component: string,
  field: string,
  reason: string,
  tenant: string,
  atMs: number,
  refused: unknown,
  position?: Position,
): DeadLetter {
  return {
    at: new Date(atMs).toISOString(),
    component,
    field: field
      .split('.')
      .map((step) => (holdsHandle(step) ? REDACTED : printable(step, FIELD_CHARS)))
      .join('.')
      .slice(0, FIELD_CHARS),
    reason: printable(reason, REASON_CHARS),
    tenant,
    digest: digestOf(refused),
    ...(position === undefined ? {} : { position }),
  }
}

function digestOf(refused: unknown): string {
  const bytes = refused instanceof Uint8Array ? refused : (safeJson(refused) ?? '')
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32)
}
/** JSON of hostile input: undefined when it is too deep or cyclic to be written. */
function safeJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}
const printable = (text: string, chars: number): string =>
  text
    .slice(0, chars)
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd')
