/** Something that only a service can do, by the running one of a data folder, or by one that runs just for it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { AuditdError } from '../../schemas/errors.ts'
import { askService, runningService } from '../admin/running-service.ts'
import { loadConfig } from '../configuration.ts'
import { startService } from '../service.ts'

/** POSTs `body`; the service that is started where none runs detects and stores what comes of it, and takes nothing else. */
export async function throughService<Answer>(
  dataDir: string,
  path: string,
  body: unknown,
  config?: string,
): Promise<Answer> {
  const running = runningService(dataDir)
  const answered = running === undefined ? undefined : await askService(running, path, body)
  if (answered !== undefined) return (await answered.json()) as Answer
  const flags = { otlp: '127.0.0.1:0', admin: '127.0.0.1:0', sql: 'off', targets: {} }
  const settings = loadConfig(process.env, flags, config)
  // A folder with a spool has its own bus, whatever else is configured.
  const isEmbedded = settings.kafka.brokers.length === 0 || existsSync(join(dataDir, 'spool'))
  const bus = isEmbedded ? 'embedded' : 'kafka'
  const service = await startService({ settings, dataDir, roles: ['detect'], bus, logLevel: 'warn' })
  try {
    const own = runningService(dataDir)
    const answer = own === undefined ? undefined : await askService(own, path, body)
    if (answer === undefined) throw new AuditdError('store_unavailable', 'admin', dataDir, 'the service ended')
    const result = (await answer.json()) as Answer
    await service.settled()
    return result
  } finally {
    await service.stop()
  }
}
