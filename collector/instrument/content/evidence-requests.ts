/** Evidence that a collector asks for, from its answer to whoever agreed to give it. */
import { evidenceRequests } from '../../../schemas/evidence.ts'
import type { CapturePolicy } from './capture-policy.ts'

interface Listener {
  readonly serverId: string
  readonly policy: CapturePolicy
  readonly maxMs: number
}
const listeners = new Set<Listener>()

/** From now on requests about this server are followed, each for at most `maxMs`. Answers how to stop. */
export function giveEvidence(serverId: string, policy: CapturePolicy, maxMs: number): () => void {
  const listener: Listener = { serverId, policy, maxMs }
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** `header`: of an answer. Anything that is no list of requests asks for nothing. */
export function evidenceAsked(header: string | string[] | undefined): void {
  if (listeners.size === 0 || typeof header !== 'string') return
  let value: unknown
  try {
    value = JSON.parse(decodeURIComponent(header))
  } catch {
    return
  }
  const asked = evidenceRequests.safeParse(value)
  if (!asked.success) return
  for (const { serverId, toolName, lastingMs } of asked.data)
    for (const listener of listeners)
      if (listener.serverId === serverId)
        listener.policy.startEvidence(toolName, 'redacted', Math.min(lastingMs, listener.maxMs))
}
