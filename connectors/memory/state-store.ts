/** A state store in memory, for tests. */
import type { Snapshot, StateStore } from '../../schemas/ports.ts'
import type { MemoryFindings } from './findings.ts'

export function memoryStateStore(findings: MemoryFindings): StateStore {
  const snapshots = new Map<string, Snapshot>()
  return {
    async restore(log, partition, notAfter = Number.MAX_SAFE_INTEGER) {
      const found = snapshots.get(`${log}/${partition}`)
      return found === undefined || found.next > notAfter ? undefined : found
    },
    async commit(outcome) {
      const { snapshot } = outcome
      if (snapshot !== undefined) {
        const key = `${snapshot.log}/${snapshot.partition}`
        const chunks = new Map([...snapshot.chunks].map(([name, bytes]) => [name, Uint8Array.from(bytes)]))
        if ((snapshots.get(key)?.next ?? 0) <= snapshot.next) snapshots.set(key, { ...snapshot, chunks })
      }
      findings.add(outcome.findings)
    },
    async close() {},
  }
}
