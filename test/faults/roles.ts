// The service apart on Kafka: roles in processes of their own around one store process, so that workers can come, stop and go.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RowContext } from './row.ts'
import { launch, Service, type UpOptions } from './service.ts'
import { openWorld, type World, type WorldOptions } from './world.ts'

export interface Roles extends World {
  /** Starts one role in a folder of its own name. */
  readonly role: (role: 'collect' | 'detect' | 'alert', name: string, env?: UpOptions['env']) => Promise<Service>
  /** Like `role` without waiting for readiness: it may be stopped before. */
  readonly launchDetect: (name: string, env?: UpOptions['env']) => Service
  readonly ask: (sql: string) => Promise<string>
  readonly prefix: string
}

/** Said with every result that stands on it. */
export const SHIM_NOTE = 'one chDB process behind the HTTP shim of test/clickhouse-http.ts, no ClickHouse server'

export async function openRoles(context: RowContext, options: WorldOptions = {}): Promise<Roles> {
  const prefix = `f${process.pid}-${Date.now().toString(36)}-`
  const world = await openWorld(context, { strictEvents: false, ...options, prefix })
  const shim = launch('test/clickhouse-http.ts', [join(context.dir, 'shim')])
  context.defer(() => shim.kill('SIGKILL'))
  const [line] = (await once(shim.stdout!, 'data')) as [Buffer]
  const { url } = JSON.parse(String(line)) as { url: string }
  const begin = (role: string, name: string, env: UpOptions['env'] = {}): Service => {
    const args = ['--bus', 'kafka', '--store', url, '--role', role]
    const service = Service.start(world.up({ dir: join(context.dir, name), args, env }))
    context.defer(async () => {
      if (!service.running) return
      service.kill('SIGCONT')
      await service.end('SIGKILL')
    })
    return service
  }
  return {
    ...world,
    prefix,
    async role(role, name, env) {
      const service = begin(role, name, env)
      await service.ready()
      return service
    },
    launchDetect: (name, env) => begin('detect', name, env),
    async ask(sql) {
      const response = await fetch(`${url}/?database=mcp_auditd`, {
        method: 'POST',
        body: `${sql} FORMAT TabSeparated`,
      })
      const text = await response.text()
      if (!response.ok) throw new Error(text)
      return text
    },
  }
}

/** Resolves once SIGSTOP has stopped the process. */
export async function untilStopped(service: Service, timeoutMs = 45_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!/^State:\s+T/m.test(readFileSync(`/proc/${service.child.pid}/status`, 'utf8'))) {
    if (Date.now() > deadline)
      throw new Error(`the process did not stop at its point in ${timeoutMs} ms:\n${service.log}`)
    await sleep(20)
  }
}
