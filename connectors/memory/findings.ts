/** Findings on their way from the state store to the outbox, in memory: the two ports of one test share it. */
import type { Finding } from '../../schemas/finding.ts'

export class MemoryFindings {
  readonly all: Finding[] = []
  private readonly ids = new Set<string>()
  private readonly wakers = new Set<() => void>()

  add(findings: readonly Finding[]): void {
    for (const finding of findings) {
      if (this.ids.has(finding.findingId)) continue
      this.ids.add(finding.findingId)
      this.all.push(finding)
    }
    this.wake()
  }
  wake(): void {
    for (const waker of this.wakers) waker()
    this.wakers.clear()
  }
  /** Resolves at the next change or when the signal aborts. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => resolve()
      this.wakers.add(done)
      signal.addEventListener('abort', done, { once: true })
    })
  }
}
