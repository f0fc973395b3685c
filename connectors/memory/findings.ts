/** Findings on their way from the state store to the outbox, and decisions among them, in memory: the two ports of one test share it. */
import type { AlertChange } from '../../schemas/alert-change.ts'
import type { Finding } from '../../schemas/finding.ts'

export type LoggedFinding = { readonly finding: Finding } | { readonly change: AlertChange }

export class MemoryFindings {
  readonly log: LoggedFinding[] = []
  private readonly ids = new Set<string>()
  private readonly wakers = new Set<() => void>()

  get all(): readonly Finding[] {
    return this.log.flatMap((one) => ('finding' in one ? [one.finding] : []))
  }
  add(findings: readonly Finding[], changes: readonly AlertChange[] = []): void {
    for (const finding of findings) this.append(finding.findingId, { finding })
    for (const change of changes) this.append(change.changeId, { change })
    this.wake()
  }
  private append(id: string, logged: LoggedFinding): void {
    if (this.ids.has(id)) return
    this.ids.add(id)
    this.log.push(logged)
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
