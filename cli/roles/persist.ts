/** Repeat what must become durable until it does: a store or bus that is down delays its caller, it never loses or doubles work. */
import { AuditdError, isTransient } from '../../schemas/errors.ts'
import type { Telemetry } from '../../schemas/ports.ts'

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5_000

/** The same call, with the same content, until it succeeds. Throws what is not transient, and `ownership_lost` once the signal aborts. */
export async function persist<T>(
  what: string,
  attempt: () => Promise<T>,
  signal: AbortSignal,
  telemetry: Telemetry,
): Promise<T> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    if (signal.aborted) throw new AuditdError('ownership_lost', 'detect', what, 'the partition was given up')
    try {
      return await attempt()
    } catch (error) {
      if (!isTransient(error)) throw error
      telemetry.log('store_retry', { what, waitMs, reason: error instanceof Error ? error.message : String(error) })
      await pause(waitMs * (0.5 + Math.random() / 2), signal)
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
