/** An OTLP endpoint in memory: decodes, reads and admits as the service does, and keeps the events in order of arrival. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { admit } from '../../collector/admit.ts'
import { readLogs } from '../../collector/normalize.ts'
import { decodeLogs } from '../../collector/otlp/decode-logs.ts'
import type { AuditEvent } from '../../schemas/event.ts'

const CALLER = { tenant: 'default', producer: 'test', claimed: true }

export interface OtlpListener {
  readonly url: string
  readonly events: AuditEvent[]
  /** `field: reason` of every record that was not admitted. */
  readonly refused: string[]
  close(): Promise<void>
}

export async function startOtlpListener(): Promise<OtlpListener> {
  const events: AuditEvent[] = []
  const refused: string[] = []
  const take = (bytes: Uint8Array): void => {
    const readings = readLogs(decodeLogs(bytes), { caller: CALLER, atMs: Date.now() })
    for (const { field, reason } of readings.refused) refused.push(`${field}: ${reason}`)
    for (const candidate of readings.candidates) {
      const admitted = admit(candidate, CALLER, Date.now())
      if ('event' in admitted) events.push(admitted.event)
      else refused.push(`${admitted.refused.field}: ${admitted.refused.reason}`)
    }
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      take(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body)
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    events,
    refused,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
