/** A receiver in a process of its own, so that its memory can be measured: prints its port, then its memory on each line it reads. */
import { createInterface } from 'node:readline'
import { claimedCaller } from '../../../../collector/otlp/credentials.ts'
import { createReceiver } from '../../../../collector/otlp/receiver.ts'

const receiver = createReceiver({
  intake: {
    take: async (candidates, refused) => ({ accepted: candidates.length, rejected: refused.length, reason: '' }),
  },
  authenticate: claimedCaller,
  clock: { nowMs: () => Date.now() },
  telemetry: { count: () => undefined, gauge: () => undefined, log: () => undefined },
  limits: { requestBytes: 20 * 1024 * 1024, inFlightBytes: 64 * 1024 * 1024 },
})
let peakBytes = 0
setInterval(() => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
}, 1)
console.log(await receiver.listen('127.0.0.1', 0))
for await (const _ of createInterface({ input: process.stdin })) {
  console.log(Math.max(peakBytes, process.memoryUsage.rss()))
  peakBytes = 0
}
process.exit(0)
