/** A stdio program that behaves badly in a way that can be repeated; run by wrap.test.ts with the name of the behaviour. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'

const { stdin, stdout } = process
const [behaviour = '', argument = ''] = process.argv.slice(2)
const MEGABYTE = Buffer.alloc(1_048_576, 'm')
const write = async (bytes: Buffer | string): Promise<void> => {
  if (!stdout.write(bytes)) await once(stdout, 'drain')
}
/** The same bytes at each run; not a generator for anything else. */
function* noise(count: number): Generator<Buffer> {
  let state = 42
  for (let at = 0; at < count; at++) {
    const bytes = Buffer.alloc(1 + ((at * 37) % 900))
    for (let index = 0; index < bytes.length; index++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      bytes[index] = state >>> 16
    }
    yield bytes
  }
}

const behaviours: Readonly<Record<string, () => Promise<void>>> = {
  /** Everything a stream can hold that is no clean JSON line, then the digest of what came in. */
  async odd() {
    const digest = createHash('sha256')
    stdin.on('data', (chunk) => digest.update(chunk))
    await write('Listening on stdio\r\n\n{"jsonrpc":"2.0","method":"notifications/x"}\r\n[')
    await turn()
    await write(
      '{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,"error":{"code":1}}]\n{"jsonrpc":"2.0","id"',
    )
    for (const bytes of noise(400)) {
      await write(bytes)
      await turn()
    }
    await write('\n"')
    for (let at = 0; at < 100; at++) await write(MEGABYTE)
    await write('"\n{"jsonrpc":"2.0","id":3,"result":')
    if (!stdin.readableEnded) await once(stdin, 'end')
    await write(digest.digest('hex'))
  },
  /** Writes chunks as fast as it is let, and says on stderr how far it came. */
  async flood() {
    const chunk = Buffer.alloc(16_384, 'c')
    for (let at = 1; at <= Number(argument); at++) {
      await write(chunk)
      process.stderr.write(`${at}\n`)
    }
  },
  /** Never reads. */
  async deaf() {
    process.stderr.write('deaf\n')
    setInterval(() => undefined, 1_000)
  },
  /** Says which signals come, and leaves at SIGTERM with a code of its own. */
  async signals() {
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => stdout.write(`${signal}\n`))
    process.on('SIGTERM', () => process.exit(7))
    setInterval(() => undefined, 1_000)
    stdout.write('ready\n')
  },
  /** Ends as it is told: `exit N` or `kill SIGNAL`. */
  async end() {
    const [how, what = ''] = argument.split(' ')
    await write('last words')
    if (how === 'kill') process.kill(process.pid, what as NodeJS.Signals)
    else process.exit(Number(what))
  },
  /** Says its process id and waits for the end of its input. */
  async wait() {
    stdout.write(`${process.pid}\n`)
    stdin.resume()
  },
  /** Closes its output and stays. */
  async hush() {
    stdout.end('bye\n')
    stdin.resume()
  },
  async environment() {
    stdout.write(JSON.stringify(Object.keys(process.env).sort()))
  },
}
await behaviours[behaviour]?.()
