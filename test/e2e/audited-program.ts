/** Programs as users write them, in processes of their own, with an OTLP receiver beside them that sorts what it gets by program. */
import { execFile } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { decodeLogs } from '../../collector/otlp/decode-logs.ts'

const ROOT = join(import.meta.dirname, '../..')
export const REGISTER = join(ROOT, 'collector/instrument/register.ts')
export const INSTRUMENT = join(ROOT, 'collector/instrument/index.ts')

export interface Told {
  readonly type: string
  readonly serverId: string
  readonly event: Readonly<Record<string, unknown>>
}
export interface Ran {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
  /** What the receiver had when the program had ended. */
  readonly told: readonly Told[]
  readonly of: (type: string) => readonly Told[]
}
export interface Run {
  /** Arguments of Node before the file; default `--import` of the register entry. */
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Default the Node of this process. */
  readonly node?: string
  readonly kind?: 'mjs' | 'cjs' | 'ts'
}

/**
 * A folder whose programs find these packages, and a receiver for all of them. `close` when done.
 * `packages`: a node_modules; default that of this repository.
 */
export async function programs(packages: string = join(ROOT, 'node_modules')) {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'mcp-auditd-programs-'))
  symlinkSync(packages, join(folder, 'node_modules'))
  const told = new Map<string, Told[]>()
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = []
    request
      .on('data', (chunk) => chunks.push(chunk))
      .on('end', () => {
        const raw = Buffer.concat(chunks)
        const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw
        const list = told.get(request.url!.split('/')[1]!)
        for (const { resource, records } of decodeLogs(body))
          for (const { eventName, body: text } of records)
            list?.push({
              type: eventName.slice('mcp_audit.'.length),
              serverId: String(resource['mcp_audit.server.id']),
              event: JSON.parse(String(text)) as Told['event'],
            })
        response.writeHead(200).end()
      })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const { port } = receiver.address() as AddressInfo
  let next = 0

  const file = (text: string, kind: string): string => {
    const path = join(folder, `program-${next++}.${kind}`)
    writeFileSync(path, text)
    return path
  }
  /** Runs to its end, which flushes what it has to say. */
  const run = (text: string, options: Run = {}): Promise<Ran> => {
    const { flags = ['--import', REGISTER], env = {}, node = process.execPath, kind = 'mjs' } = options
    const path = file(text, kind)
    const name = `p${next++}`
    const list: Told[] = []
    told.set(name, list)
    return new Promise((resolve) => {
      const environment = {
        PATH: process.env['PATH'] ?? '',
        MCP_AUDIT_OTLP_ENDPOINT: `http://127.0.0.1:${port}/${name}`,
        MCP_AUDIT_HEARTBEAT_MS: '0',
        ...env,
      }
      execFile(node, [...flags, path], { env: environment, cwd: folder, timeout: 60_000 }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
        resolve({ stdout, stderr, code, told: list, of: (type) => list.filter((one) => one.type === type) })
      })
    })
  }
  const close = async (): Promise<void> => {
    receiver.closeAllConnections()
    await new Promise((resolve) => receiver.close(resolve))
    rmSync(folder, { recursive: true, force: true })
  }
  return { folder, file, run, close }
}
export type Programs = Awaited<ReturnType<typeof programs>>
