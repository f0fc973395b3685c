/** B8(i): CPU that instrumentation adds to a no-op tool call, whole path with hashing and OTLP over HTTP, beside plain and Sentry. */
import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Measured } from './instrument-child.ts'

const run = promisify(execFile)
const CHILD = join(import.meta.dirname, 'instrument-child.ts')
const TARGET_MICROS = 25

/** The other end of the wire: takes everything, keeps nothing, in another process than the measured one. */
const sink = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(200).end())
})
await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`

async function measure(variant: string, load: string, calls: number): Promise<number> {
  const { stdout } = await run(process.execPath, [CHILD, variant, load, url, String(calls)])
  const measured = JSON.parse(stdout) as Measured
  // An unsent event would make us look cheap: call and result of each call must have arrived.
  if (variant === 'instrumented' && measured.sent < measured.calls * 2)
    throw new Error(`only ${measured.sent} events sent`)
  return measured.microsPerCall
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!
const text = (values: readonly number[]): string =>
  `${median(values).toFixed(1)} [${Math.min(...values).toFixed(1)}..${Math.max(...values).toFixed(1)}]`
/** Fisher-Yates: neighbours on the machine must not fall on the same variant each time. */
function shuffled<T>(values: readonly T[]): T[] {
  const out = [...values]
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    ;[out[i], out[j]] = [out[j]!, out[i]!]
  }
  return out
}

const hasSentry = await import('@sentry/node' as string).then(
  () => true,
  () => false,
)
export const added: Record<string, number> = {}
const rounds = Number(process.argv[2] ?? 7)
const calls = Number(process.argv[3] ?? 12_000)
for (const load of (process.argv[4] ?? 'noop,echo,v2-noop,factory-noop').split(',')) {
  const variants = load === 'noop' && hasSentry ? ['plain', 'instrumented', 'sentry'] : ['plain', 'instrumented']
  const seen = new Map<string, number[]>(variants.map((variant) => [variant, []]))
  for (let round = 0; round < rounds; round++)
    for (const variant of shuffled(variants)) seen.get(variant)!.push(await measure(variant, load, calls))
  const plain = seen.get('plain')!
  console.log(`${load}: plain ${text(plain)} us CPU per call, ${rounds} pairs`)
  for (const variant of variants.slice(1)) {
    const differences = seen.get(variant)!.map((value, round) => value - plain[round]!)
    added[`${load}/${variant}`] = median(differences)
    console.log(`${load}: ${variant} adds ${text(differences)} us`)
  }
}
const ours = added['noop/instrumented']!
const theirs = added['noop/sentry']
console.log(`B8(i): ${ours.toFixed(1)} us, target <= ${TARGET_MICROS}: ${ours <= TARGET_MICROS ? 'met' : 'MISSED'}`)
if (theirs === undefined) console.log('B8(i): against Sentry at 100 %: not measured, @sentry/node is not installed')
else
  console.log(
    `B8(i): ${(ours / theirs).toFixed(2)} of Sentry at 100 % without Context, target < 0.5: ${ours / theirs < 0.5 ? 'met' : 'MISSED'}`,
  )
sink.close()
