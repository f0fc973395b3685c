/** A producer with a spool, run and killed by instrument-spool.test.ts: `URL FOLDER FSYNC MANNER`; it prints the last number it has emitted. */
import { writeSync } from 'node:fs'
import { pendingEvent } from '../../collector/instrument/delivery/pending-event.ts'
import { atExit } from '../../collector/instrument/delivery/process-end.ts'
import type { FsyncPolicy } from '../../collector/instrument/delivery/spool/writer.ts'
import { createSink, OtlpAuditExporter, shutdownAudit } from '../../collector/instrument/index.ts'

const [url, folder, fsync, manner, producerId, count] = process.argv.slice(2) as [
  string,
  string,
  FsyncPolicy,
  ...string[],
]
const quick = { delayMs: 5, retryBaseMs: 5, retryMaxMs: 50, maxQueued: 500 }
const sink = createSink(new OtlpAuditExporter({ url, timeoutMs: 1_000 }), { ...quick, spool: { folder, fsync } })
const producer = { serverId: 'killed', producerId: producerId! }
let emitted = 0
const emit = (): void => {
  sink.emit(pendingEvent(producer, { eventType: 'http.request', durationMs: ++emitted }))
}
const said = (): number => writeSync(1, `${emitted}\n`)

if (manner === 'steady') {
  setInterval(() => {
    // What the turns before this one have emitted is promised; with `each` this turn's events are too.
    if (fsync !== 'each') said()
    for (let i = 0; i < 20; i++) emit()
    if (fsync === 'each') said()
  }, 2)
} else {
  for (let i = 0; i < Number(count); i++) emit()
  if (manner === 'exit') {
    atExit(() => emit())
    process.exit(0)
  }
  if (manner === 'throw') throw new Error('on purpose')
  if (manner === 'drain') {
    await sink.flush(20_000)
    await sink.shutdown()
    await shutdownAudit()
  }
}
