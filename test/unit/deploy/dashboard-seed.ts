/** Rows of the last hours with something for every panel: traffic, refusals, content, a changed definition, gaps, alerts, coverage. */
import type { EventFields } from '../../../schemas/event.ts'
import { callOf, hash, hex, type Seed } from '../../seeded-store.ts'

/** `nowMs` is when the dashboards are looked at. */
export function dashboardSeed(nowMs: number): Seed {
  const ago = (minutes: number): string => new Date(nowMs - minutes * 60_000).toISOString()
  const hour = new Date(Math.floor(nowMs / 3_600_000) * 3_600_000).toISOString()
  const call = (minutes: number, fields: EventFields, result: EventFields = {}): EventFields[] =>
    callOf(
      {
        serverId: 'files',
        eventTime: ago(minutes),
        requestUid: hex(`call ${minutes}`),
        principalKey: hex('alice'),
        clientKey: 'desktop',
        clientName: 'Desktop',
        sessionFp: hex('session'),
        toolName: 'read',
        definitionHash: hash('read 2'),
        sourceAddressFp: hex('home'),
        ...fields,
      },
      { durationMs: 12, bytes: 1_000, ...result } as EventFields,
    )
  const token = (minutes: number, fields: EventFields): EventFields => ({
    eventType: 'auth.token.validated',
    serverId: 'files',
    eventTime: ago(minutes),
    principalKey: hex('alice'),
    clientKey: 'desktop',
    sessionFp: hex('session'),
    decision: 'allow',
    tokenFp: hex('token'),
    iss: 'https://login.example',
    aud: ['https://files.example'],
    expectedAud: ['https://files.example'],
    scopes: ['read', 'write'],
    issuedAt: Math.floor(nowMs / 1000) - 3_600,
    expAt: Math.floor(nowMs / 1000),
    ...fields,
  })
  const registry = (minutes: number, version: string, findings: readonly string[]): EventFields =>
    ({
      eventType: 'tools.registry',
      serverId: 'files',
      eventTime: ago(minutes),
      definitions: [{ name: 'read', hash: hash(version), descriptionHash: hash(`words of ${version}`), findings }],
    }) as EventFields
  const content = (minutes: number, findingClass: string, surface: string): EventFields =>
    ({
      eventType: 'content.finding',
      serverId: 'files',
      eventTime: ago(minutes),
      toolName: 'read',
      principalKey: hex('alice'),
      clientName: 'Desktop',
      sessionFp: hex('session'),
      findingClass,
      surface,
    }) as EventFields
  return {
    risks: { delete: 'destructive' },
    events: [
      registry(300, 'read 1', []),
      registry(200, 'read 2', ['injection.conceal']),
      ...call(250, { definitionHash: hash('read 1') }),
      ...call(150, {}, { mintedHandles: [{ fp: hex('handle') }] } as EventFields),
      ...call(140, {
        principalKey: hex('mallory'),
        sourceAddressFp: hex('abroad'),
        argHandles: [{ fp: hex('handle') }],
      } as EventFields),
      ...call(130, { toolName: 'delete' }, { decision: 'deny', outcome: 'denied' }),
      ...call(120, { toolName: 'delete' }, { outcome: 'tool_error' }),
      ...call(110, { serverId: 'mail', toolName: "x\\' OR 1=1 --" }),
      token(240, { sourceAddressFp: hex('home') }),
      token(230, { sourceAddressFp: hex('abroad'), serverId: 'mail' }),
      token(220, { tokenFp: hex('other'), aud: ['https://else.example'], decision: 'deny', reason: 'audience' }),
      {
        eventType: 'authz.decision',
        serverId: 'files',
        eventTime: ago(210),
        principalKey: hex('alice'),
        clientKey: 'desktop',
        requiredScopes: ['read'],
        decision: 'allow',
      },
      content(100, 'secret.aws_key', 'arguments'),
      content(99, 'pii.email', 'result'),
      content(98, 'injection.conceal', 'result'),
      {
        eventType: 'outbound.request',
        serverId: 'files',
        eventTime: ago(90),
        toolName: 'read',
        principalKey: hex('alice'),
        destinationHost: 'api.example',
        ipClass: 'public',
      },
      {
        eventType: 'http.request',
        serverId: 'files',
        eventTime: ago(80),
        producerId: hex('producer'),
        producerSeq: 1,
        refusal: 'origin',
        decision: 'deny',
        flags: ['no_principal'],
        unscannedBytes: 10,
      },
      {
        eventType: 'server.heartbeat',
        serverId: 'files',
        eventTime: ago(70),
        producerId: hex('producer'),
        producerSeq: 5,
        drops: 1,
      },
      {
        eventType: 'audit.access',
        serverId: 'mcp-auditd',
        eventTime: ago(60),
        actor: 'olga',
        operation: 'export',
        subject: 'events',
      },
    ] as EventFields[],
    findings: [
      { serverId: 'files', eventTime: ago(50), entity: 'tool_name=read', principalKey: hex('alice') },
      { serverId: 'files', eventTime: ago(49), disposition: 'shadow', principalKey: hex('alice') },
    ],
    alerts: [
      {
        serverId: 'files',
        severity: 'critical',
        entity: 'tool_name=read',
        principalKey: hex('alice'),
        firstSeen: ago(50),
        lastSeen: ago(49),
        windowStart: hour,
      },
      {
        serverId: 'files',
        severity: 'low',
        entity: 'tool_name=read',
        principalKey: hex('alice'),
        firstSeen: ago(40),
        lastSeen: ago(30),
      },
    ],
    coverage: [
      {
        serverId: 'files',
        hour,
        part: 'log/0',
        rule: 'tok-001',
        state: 'active',
        reasons: [],
        evaluations: 9,
        matches: 1,
      },
      {
        serverId: 'files',
        hour,
        part: 'log/0',
        rule: 'tok-003',
        state: 'degraded',
        reasons: ['x'],
        evaluations: 2,
        matches: 0,
      },
    ],
  }
}
