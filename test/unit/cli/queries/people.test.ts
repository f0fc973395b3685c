/** Named queries about principals, tokens, scopes, sessions and handles, on rows of which the answer is known. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { EventFields } from '../../../../schemas/event.ts'
import { at, callOf, hex, only, type SeededStore, seededStore } from '../../../seeded-store.ts'

const AUD = 'https://files.example'
const token = (minute: number, fields: EventFields): EventFields => ({
  eventType: 'auth.token.validated',
  serverId: 'files',
  eventTime: at(minute),
  principalKey: hex('alice'),
  clientKey: 'desktop',
  decision: 'allow',
  iss: 'https://login.example',
  aud: [AUD],
  expectedAud: [AUD],
  ...fields,
})
const decision = (minute: number, fields: EventFields): EventFields => ({
  eventType: 'authz.decision',
  serverId: 'mail',
  eventTime: at(minute),
  principalKey: hex('bob'),
  clientKey: 'desktop',
  toolName: 'send',
  decision: 'allow',
  ...fields,
})
const inSession = (minute: number, fields: EventFields): EventFields => ({
  serverId: 'chat',
  eventTime: at(minute),
  sessionFp: hex('session'),
  principalKey: hex('erin'),
  clientKey: 'desktop',
  ...fields,
})

let seeded: SeededStore
beforeAll(async () => {
  seeded = await seededStore({
    events: [
      token(1, { tokenFp: hex('token'), scopes: ['read'], sourceAddressFp: hex('home'), sessionFp: hex('s1') }),
      token(2, { tokenFp: hex('token'), scopes: ['read'], sourceAddressFp: hex('abroad'), serverId: 'mail' }),
      token(3, { tokenFp: hex('token 2'), scopes: ['write', 'read'] }),
      token(4, { tokenFp: hex('token 3'), scopes: ['read'], principalKey: hex('bob'), serverId: 'mail' }),
      token(5, { tokenFp: hex('token 4'), aud: ['https://other.example'], principalKey: hex('mallory') }),
      token(6, {
        tokenFp: hex('token 4'),
        aud: ['https://other.example'],
        principalKey: hex('mallory'),
        decision: 'deny',
        reason: 'audience',
      }),
      token(7, { tokenFp: hex('token 4'), principalKey: hex('mallory'), decision: 'deny', reason: 'expired' }),
      // Near misses: no audience to compare, a token that was issued or refused, a refusal of something else.
      token(8, { tokenFp: hex('opaque'), aud: [], principalKey: hex('zoe'), scopes: ['read'] }),
      token(8, {
        tokenFp: hex('unsaid'),
        expectedAud: [],
        aud: ['https://x.example'],
        principalKey: hex('zoe'),
        scopes: ['read'],
      }),
      token(9, {
        eventType: 'oauth.token',
        aud: ['https://other.example'],
        principalKey: hex('zoe'),
        scopes: ['write'],
      }),
      token(9, { decision: 'deny', principalKey: hex('zoe'), scopes: ['admin'] }),
      token(9, { principalKey: '', serverId: 'mail', scopes: ['all'] }),
      decision(40, { principalKey: hex('dave'), decision: 'deny' }),
      decision(41, { principalKey: hex('dave'), decision: 'error' }),
      decision(42, { principalKey: hex('dave') }),
      decision(40, { principalKey: hex('gina'), decision: 'deny' }),
      decision(41, { principalKey: hex('gina'), decision: 'deny' }),
      decision(40, { principalKey: '', decision: 'deny' }),
      decision(41, { principalKey: '' }),
      decision(40, { principalKey: hex('frank'), eventType: 'http.request', decision: 'deny' }),
      decision(41, { principalKey: hex('frank') }),
      decision(10, { decision: 'challenge', grantedScopes: ['read'], requiredScopes: ['send'] }),
      decision(15, { grantedScopes: ['read', 'send'], requiredScopes: ['send'] }),
      decision(16, { grantedScopes: ['read', 'send'], requiredScopes: ['send'] }),
      decision(10, { principalKey: hex('carol'), decision: 'deny' }),
      decision(95, { principalKey: hex('carol') }),
      {
        eventType: 'resource.read',
        serverId: 'mail',
        eventTime: at(17),
        principalKey: hex('agent'),
        actorKeys: [hex('bob')],
      },
      inSession(20, { eventType: 'session.created', clientName: 'Desktop', clientVersion: '1.0' }),
      ...callOf(
        inSession(21, { toolName: 'say', requestUid: hex('say'), clientName: 'Desktop', clientVersion: '1.0' }),
      ),
      ...callOf(
        inSession(22, { toolName: 'say', requestUid: hex('say 2'), principalKey: hex('mallory'), clientName: 'curl' }),
      ),
      inSession(23, { eventType: 'session.created', sessionFp: hex('other session') }),
      ...callOf(
        { serverId: 'files', eventTime: at(30), principalKey: hex('alice'), toolName: 'open', requestUid: hex('open') },
        { mintedHandles: [{ fp: hex('handle'), policy: 'private' }] } as EventFields,
      ),
      ...callOf(
        {
          serverId: 'files',
          eventTime: at(31),
          principalKey: hex('mallory'),
          toolName: 'read',
          requestUid: hex('read'),
          argHandles: [{ fp: hex('handle'), path: '$.id' }],
        } as EventFields,
        { decision: 'deny', outcome: 'denied', argHandles: [] } as EventFields,
      ),
    ],
  })
})
afterAll(() => seeded.close())

it('@principal-acts follows a principal over all servers, also through who acts for it', async () => {
  const rows = await seeded.ask('principal-acts', { principal: hex('bob') })
  expect(only(rows, 'server_id', 'event_type', 'decision', 'acted_for')).toEqual([
    ['mail', 'auth.token.validated', 'allow', 0],
    ['mail', 'authz.decision', 'challenge', 0],
    ['mail', 'authz.decision', 'allow', 0],
    ['mail', 'authz.decision', 'allow', 0],
    ['mail', 'resource.read', '', 1],
  ])
  const alice = await seeded.ask('principal-acts', { principal: hex('alice') })
  expect(new Set(only(alice, 'server_id').flat())).toEqual(new Set(['files', 'mail']))
})

it('@cross-server-principals has who is seen on several servers', async () => {
  const rows = await seeded.ask('cross-server-principals')
  expect(only(rows, 'principal_key', 'servers', 'tools', 'scopes', 'calls', 'refusals')).toEqual([
    [hex('mallory'), ['chat', 'files'], ['read', 'say'], [], 2, 3],
    [hex('alice'), ['files', 'mail'], ['open'], ['read', 'write'], 1, 0],
  ])
})

it('@token-timeline shows where a token went, @shared-tokens which ones went far', async () => {
  const rows = await seeded.ask('token-timeline', { token: hex('token') })
  expect(only(rows, 'server_id', 'source_address_fp', 'scopes')).toEqual([
    ['files', hex('home'), ['read']],
    ['mail', hex('abroad'), ['read']],
  ])
  const shared = await seeded.ask('shared-tokens')
  expect(only(shared, 'token_fp', 'principal_key', 'servers', 'addresses', 'validations')).toEqual([
    [hex('token'), hex('alice'), ['files', 'mail'], 2, 2],
  ])
})

it('@scope-history says what a set of scopes gained and lost', async () => {
  const rows = await seeded.ask('scope-history', { principal: hex('alice') })
  expect(only(rows, 'scopes', 'added', 'removed', 'servers', 'validations')).toEqual([
    [['read'], [], [], ['files', 'mail'], 2],
    [['read', 'write'], ['write'], [], ['files'], 1],
  ])
  expect(only(await seeded.ask('scope-history', { principal: hex('zoe') }), 'scopes')).toEqual([[['read']]])
})

it('@unused-scopes compares what tokens hold with what decisions asked for', async () => {
  const rows = await seeded.ask('unused-scopes', { server: 'mail' })
  expect(only(rows, 'principal_key', 'held', 'needed', 'unused', 'decisions')).toEqual([
    [hex('bob'), ['read'], ['send'], ['read'], 3],
    [hex('alice'), ['read'], [], ['read'], 0],
  ])
})

it('@audience-mismatches has accepted ones first', async () => {
  const rows = await seeded.ask('audience-mismatches')
  expect(only(rows, 'decision', 'aud', 'expected_aud', 'times', 'principals')).toEqual([
    ['allow', ['https://other.example'], [AUD], 1, 1],
    ['deny', ['https://other.example'], [AUD], 1, 1],
  ])
})

it('@denied-then-allowed finds the first success after a refusal, within the time', async () => {
  const rows = await seeded.ask('denied-then-allowed', { to: at(30) })
  expect(
    only(rows, 'principal_key', 'tool_name', 'denied_at', 'allowed_at', 'denied_scopes', 'allowed_scopes'),
  ).toEqual([
    [hex('bob'), 'send', '2026-03-02 10:10:00.000000000', '2026-03-02 10:15:00.000000000', ['read'], ['read', 'send']],
  ])
  // An error in between decides nothing.
  expect(only(await seeded.ask('denied-then-allowed'), 'principal_key')).toEqual([[hex('dave')], [hex('bob')]])
  expect(only(await seeded.ask('denied-then-allowed', { minutes: '90' }), 'principal_key')).toContainEqual([
    hex('carol'),
  ])
})

it('@failed-authz counts refusals by hour and caller', async () => {
  const rows = await seeded.ask('failed-authz', { at_least: '2', server: 'files' })
  expect(only(rows, 'hour', 'principal_key', 'refusals', 'reasons')).toEqual([
    ['2026-03-02 10:00:00', hex('mallory'), 2, ['audience', 'expired']],
  ])
})

it('@handle-users says who was given a handle or session and who else used it', async () => {
  const handle = await seeded.ask('handle-users', { handle: hex('handle') })
  expect(only(handle, 'handle_kind', 'principal_key', 'minted', 'presented')).toEqual([
    ['handle', hex('alice'), 1, 0],
    ['handle', hex('mallory'), 0, 1],
  ])
  const session = await seeded.ask('handle-users', { handle: hex('session') })
  expect(only(session, 'handle_kind', 'principal_key', 'minted', 'presented')).toEqual([
    ['session', hex('erin'), 1, 2],
    ['session', hex('mallory'), 0, 2],
  ])
})

it('@session-timeline shows a session in order, @shared-sessions those of several people', async () => {
  const rows = await seeded.ask('session-timeline', { session: hex('session') })
  expect(only(rows, 'event_type', 'principal_key')).toEqual([
    ['session.created', hex('erin')],
    ['tool.call', hex('erin')],
    ['tool.result', hex('erin')],
    ['tool.call', hex('mallory')],
    ['tool.result', hex('mallory')],
  ])
  const shared = await seeded.ask('shared-sessions')
  expect(only(shared, 'session_fp', 'principals', 'calls')).toEqual([
    [hex('session'), [hex('erin'), hex('mallory')].sort(), 2],
  ])
})

it('@client-versions lists clients by what they call themselves', async () => {
  const rows = await seeded.ask('client-versions')
  expect(only(rows, 'client_name', 'client_version', 'servers', 'principals', 'events')).toEqual([
    ['Desktop', '1.0', ['chat'], 1, 3],
    ['curl', '', ['chat'], 1, 2],
  ])
})
