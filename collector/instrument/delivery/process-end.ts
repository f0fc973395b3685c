/** What is still done when the process ends by itself: last words are said, queues are sent, spools are written. */
import type { AuditQueue } from './audit-queue.ts'

/** Queues that hold events, and what is to be said before they are sent. */
const open = new Set<AuditQueue>()
const lastWords = new Set<() => void>()
const EXIT_FLUSH_MS = 2_000
/** beforeExit comes again after every piece of work it starts: a receiver that is down must not keep a process alive. */
const EXIT_ATTEMPTS = 3
let hooked = false

function hookExit(): void {
  if (hooked) return
  hooked = true
  let attempts = 0
  process.on('beforeExit', () => {
    if (attempts++ >= EXIT_ATTEMPTS) return
    for (const say of lastWords) say()
    for (const queue of open) {
      const { queued, spooled = 0 } = queue.stats
      if (queued + spooled === 0) continue
      void queue.flush(EXIT_FLUSH_MS).then((whole) => {
        // Nobody answered in all that time: the process has waited long enough.
        if (!whole) attempts = EXIT_ATTEMPTS
      })
    }
  })
  // process.exit() and an uncaught error leave no time to send anything, but enough to write it down.
  process.on('exit', () => {
    if (![...open].some(({ hasSpool }) => hasSpool)) return
    for (const say of lastWords) say()
    for (const queue of open) queue.persist()
  })
}

/** Runs when the process is about to end; emits what is still to be said. Safe to run more than once. */
export function atExit(say: () => void): void {
  lastWords.add(say)
  hookExit()
}
export const forgetAtExit = (say: () => void): boolean => lastWords.delete(say)

/** The queue is flushed, or written to its spool, when the process ends. */
export function watchExit(queue: AuditQueue): void {
  open.add(queue)
  hookExit()
}
