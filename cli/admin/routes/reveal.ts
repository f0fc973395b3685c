/** Who stands behind a principal key: told to whoever gives a name and a reason, after that became an event of the audit. */
import { z } from 'zod'
import { nameKeysOf, openName } from '../../../collector/instrument/identity/display-name.ts'
import { resolveSecret } from '../../../collector/instrument/keys/secret.ts'
import { AuditdError } from '../../../schemas/errors.ts'
import { accessEvent } from '../../access-event.ts'
import { warnOf } from '../../credentials.ts'
import { rowsOf } from '../../store-question.ts'
import { route } from '../route.ts'

/** Names come from a command line: a capital (or a blank, which `asked` takes off) makes nobody a second person. */
const isSamePerson = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()
const KEY = { component: 'config', field: 'displayNames.key' }

export default route({
  method: 'POST',
  path: '/v1/reveal',
  summary: 'Opens the recorded name of a principal',
  asked: z.strictObject({
    principal: z
      .string()
      .regex(/^[0-9a-f]{8,64}$/, 'must be the key of a principal, or its beginning')
      .describe('Key of the principal, or its beginning.'),
    tenant: z.string().default('default').describe('Tenant of the principal.'),
    actor: z.string().trim().min(1).max(256).describe('Who asks.'),
    reason: z.string().trim().min(1).max(2_048).describe('Why.'),
    approver: z.string().trim().min(1).max(256).optional().describe('Second person, where one is needed.'),
  }),
  answers: 'The name, and when it was last seen.',
  async answer({ principal, tenant, actor, reason, approver }, { settings, store, bus, clock, telemetry }) {
    const { key, twoPersons } = settings.displayNames
    if (key === undefined)
      throw new AuditdError('config_invalid', 'reveal', KEY.field, 'is not set: no name can be opened')
    if (twoPersons && (approver === undefined || isSamePerson(approver, actor)))
      throw new AuditdError('usage', 'reveal', 'approver', 'a second person must agree (displayNames.twoPersons)')
    const found = rowsOf<{ principal_key: string; sealed_name: string; last_seen: string }>(
      await store.query(
        `SELECT principal_key, sealed_name, last_seen FROM principal_names
         WHERE tenant = {tenant:String} AND startsWith(principal_key, {principal:String}) LIMIT 2`,
        { format: 'JSONEachRow', own: true, parameters: { tenant, principal } },
      ),
    )
    const [row] = found
    // Asking for somebody of whom nothing is known is an access too: it may be a search for people.
    const subject = found.length === 1 ? row!.principal_key : principal
    const access = { operation: 'reveal' as const, actor, subject, reason, tenant, rows: found.length }
    await bus.publish([accessEvent({ ...access, ...(approver !== undefined && { approver }) }, clock.nowMs())])
    if (row === undefined) throw new AuditdError('not_found', 'reveal', 'principal', 'no name of it was recorded')
    if (found.length > 1) throw new AuditdError('usage', 'reveal', 'principal', 'is the beginning of several keys')
    const secret = await resolveSecret(key, KEY, { warn: warnOf(telemetry) })
    const name = openName(nameKeysOf(secret, KEY.component, KEY.field), row.principal_key, row.sealed_name)
    if (name === undefined)
      throw new AuditdError(
        'config_invalid',
        'reveal',
        KEY.field,
        'does not open this name: it was sealed with another key',
      )
    return { body: { principal: row.principal_key, name, lastSeen: row.last_seen } }
  },
})
