/** The rules in force: read at start and again whenever the configuration or a rule of the operator changes; what is wrong changes nothing. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type LoadedRules, loadRules } from '../detectors/load.ts'
import type { Config } from '../schemas/config.ts'
import type { AuditEvent } from '../schemas/event.ts'
import type { Clock, Telemetry } from '../schemas/ports.ts'
import { configuredRules, userFolderAt } from './user-rules.ts'

export interface PackParts {
  readonly settings: Config
  /** The configuration as it stands now; undefined: only the folder of rules is looked at. */
  readonly readSettings?: () => Config
  readonly configFile?: string
  readonly clock: Clock
  readonly telemetry: Telemetry
}
export interface RulePack {
  readonly rules: LoadedRules
  /** Look now: a change that stood still since the last look is in force when this resolves. Asked again and again once followed: watching is not reliable on every file system. */
  look(): Promise<void>
  /** `inForce` puts new rules to work, `announce` tells the audit trail. */
  follow(inForce: (rules: LoadedRules) => Promise<void>, announce: (event: AuditEvent) => Promise<void>): void
  close(): void
}

export async function openRulePack(parts: PackParts): Promise<RulePack> {
  const { telemetry } = parts
  let settings = parts.settings
  let rules = await loadRules(configuredRules(settings))
  let seen = versionOf(parts, settings)
  /** What the last look saw. */
  let waiting = seen
  let use: (rules: LoadedRules) => Promise<void> = async () => {}
  let tell: (event: AuditEvent) => Promise<void> = async () => {}
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined

  async function reload(version: string): Promise<void> {
    seen = version
    try {
      const next = parts.readSettings?.() ?? settings
      const loaded = await loadRules(configuredRules(next))
      settings = next
      if (loaded.hash === rules.hash) return
      const event = changeEvent(rules, loaded, parts.clock.nowMs())
      rules = loaded
      await use(loaded)
      telemetry.log('rules_changed', { rules: loaded.rules.length, hash: loaded.hash })
      await tell(event)
    } catch (error) {
      telemetry.log('rules_refused', { reason: error instanceof Error ? error.message : String(error) })
    }
  }
  const look = (): Promise<void> => {
    const version = versionOf(parts, settings)
    // A file that is being written is half a file: what counts has stood still from one look to the next.
    const isStill = version === waiting
    waiting = version
    if (version === seen || !isStill) return looking ?? Promise.resolve()
    looking = (looking ?? Promise.resolve()).then(() => reload(version)).finally(() => (looking = undefined))
    return looking
  }
  return {
    get rules() {
      return rules
    },
    look,
    follow(inForce, announce) {
      use = inForce
      tell = announce
      timer = setInterval(() => void look(), parts.settings.limits.reloadEveryMs)
      timer.unref()
    },
    close: () => clearInterval(timer),
  }
}

/** What the files say, as one text; a file that is not there now is a version of its own. */
function versionOf({ configFile }: PackParts, { rulesFolder }: Config): string {
  const read = (of: () => string): string => {
    try {
      return of()
    } catch (error) {
      return String(error)
    }
  }
  const config = configFile === undefined ? '' : read(() => readFileSync(configFile, 'utf8'))
  const folder = rulesFolder === '' ? '' : read(() => userFolderAt(resolve(rulesFolder)).version)
  return createHash('sha256')
    .update(JSON.stringify([config, folder]))
    .digest('hex')
}

/** Fewer rules that alert, or more findings that are known: less is seen than before. */
function changeEvent(before: LoadedRules, after: LoadedRules, nowMs: number): AuditEvent {
  const alerting = ({ rules }: LoadedRules): Set<string> =>
    new Set(rules.filter(({ mode }) => mode === 'on').map(({ id }) => id))
  const now = alerting(after)
  const lost = [...alerting(before)].some((id) => !now.has(id))
  const more = (after.suppressions?.length ?? 0) > (before.suppressions?.length ?? 0)
  const at = new Date(nowMs).toISOString()
  return {
    eventType: 'auditd.config.changed',
    eventId: createHash('sha256')
      .update(JSON.stringify([before.hash, after.hash, at]))
      .digest('hex')
      .slice(0, 32),
    eventTime: at,
    receivedAt: at,
    serverId: 'mcp-auditd',
    tenant: 'default',
    vantage: 'server',
    source: 'ingest',
    setting: 'rules',
    weakened: lost || more,
    beforeHash: before.hash,
    afterHash: after.hash,
  }
}
