/** What a target leaves out of an alert stands nowhere in it. */
import { describe, expect, it } from 'vitest'
import { redactAlert } from '../../../../../connectors/webhook/delivery/redaction.ts'
import { alert as schema } from '../../../../../schemas/alert.ts'
import { REDACTABLE } from '../../../../../schemas/target-config.ts'
import { HOSTILE, sampleAlert } from '../../../../fakes/alerts.ts'

const PRINCIPAL = 'c0ffee00c0ffee00c0ffee00c0ffee00'
const full = sampleAlert({
  title: `Token audience mismatch by ${PRINCIPAL.slice(0, 12)} with cursor on files, tool read_file`,
  principalKey: PRINCIPAL,
  clientKey: 'cursor',
  sessionFp: '5e55105e55105e55',
  toolName: 'read_file',
  entity: `server=files principal=${PRINCIPAL}`,
  saw: `aud of ${PRINCIPAL} was https://graph.microsoft.com`,
  evidence: { principals: [PRINCIPAL, 'mallory'], attempts: 2, tool: 'read_file', by: `cursor and ${PRINCIPAL}` },
  query: `SELECT 1 FROM events WHERE principal_key = '${PRINCIPAL}'`,
})

describe('redaction', () => {
  it('of nothing is the alert itself', () => {
    expect(redactAlert(full, [])).toBe(full)
  })
  it.each([
    ['principal', [PRINCIPAL, PRINCIPAL.slice(0, 12), 'mallory']],
    ['client', ['cursor']],
    ['session', ['5e55105e55105e55']],
    ['tool', ['read_file']],
    ['entity', [PRINCIPAL, PRINCIPAL.slice(0, 12)]],
    ['saw', ['graph.microsoft.com']],
    ['evidence', ['mallory']],
    ['query', ['SELECT']],
  ] as const)('of %s leaves it nowhere', (field, values) => {
    const redacted = redactAlert(full, [field])
    expect(schema.safeParse(redacted).success).toBe(true)
    for (const value of values) {
      expect(JSON.stringify(full)).toContain(value)
      // What the principal is called in another field is another field.
      const looked = field === 'entity' ? { ...redacted, principalKey: '', evidence: {}, saw: '' } : redacted
      expect(JSON.stringify(looked)).not.toContain(value)
    }
    expect(redacted).toMatchObject({ alertId: full.alertId, rule: full.rule, serverId: 'files', severity: 'critical' })
    expect(JSON.stringify(redacted)).toContain('[redacted]')
  })
  it('a query that held it is gone as a whole, one that did not still runs', () => {
    expect(redactAlert(full, ['principal']).query).toBe('[redacted]')
    expect(redactAlert(full, ['tool']).query).toBe(full.query)
  })
  it('a name of one letter takes no other word with it', () => {
    const short = sampleAlert({ toolName: 'a', title: 'Data leak on a server, tool a', entity: 'server=files tool=a' })
    expect(redactAlert(short, ['tool'])).toMatchObject({
      toolName: '[redacted]',
      entity: 'server=files tool=[redacted]',
      title: 'Data leak on [redacted] server, tool [redacted]',
    })
  })
  it('an empty field stays empty', () => {
    expect(redactAlert(sampleAlert({ sessionFp: '', toolName: '' }), ['session', 'tool'])).toMatchObject({
      sessionFp: '',
      toolName: '',
    })
  })
  it('names in other forms are found: escaped in the entity, quoted in SQL, cut in the title', () => {
    const name = "it's a 100% = name"
    const odd = sampleAlert({
      toolName: name,
      entity: "server=files tool=it's%20a%20100%25%20%3D%20name",
      title: 'Something on files, tool it',
      query: "SELECT 1 WHERE tool_name = 'it\\'s a 100% = name'",
    })
    const redacted = redactAlert(odd, ['tool'])
    expect(redacted).toMatchObject({
      title: 'tok-001-audience-mismatch on files',
      entity: 'server=files tool=[redacted]',
      query: '[redacted]',
    })
  })
  it('hostile and huge values neither throw nor stay', () => {
    const hostile = sampleAlert({
      toolName: HOSTILE,
      title: `x ${HOSTILE}`.slice(0, 120),
      principalKey: `(${'a+'.repeat(5_000)})+$`,
      saw: HOSTILE.repeat(100),
      evidence: { tool: HOSTILE, ['__proto__']: HOSTILE },
    })
    for (const field of REDACTABLE) expect(schema.safeParse(redactAlert(hostile, [field])).success).toBe(true)
    expect(JSON.stringify(redactAlert(hostile, ['tool', 'saw', 'evidence', 'entity', 'query']))).not.toContain('evil')
  })
})
