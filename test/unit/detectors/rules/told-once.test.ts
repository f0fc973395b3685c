// Rules of access and transport do not repeat themselves: how often each says the same thing, and what makes it say it again.
import { describe, expect, it } from 'vitest'
import { days, hours, minutes, seconds } from '../../../../detectors/rule.ts'
import { example, hashOf, type Sample, sample } from '../../../../detectors/sample.ts'
import { run } from '../../../../detectors/trial.ts'
import { RULES } from '../../../rule-runs.ts'

const findings = (id: string, ...events: readonly Sample[]) => {
  const rule = RULES.find((each) => each.id.startsWith(id))!
  return run(rule, example('', ...events))
}
const severities = (id: string, ...events: readonly Sample[]) => findings(id, ...events).map(({ severity }) => severity)
const who = { principal: 'alice', client: 'ide' }

describe('findings are told once', () => {
  it('scp-003: a grant once a day, a challenge for everything once per catalogue', () => {
    const token = (ts: number) => sample('auth.token.validated', { ...who, ts, scopes: ['files:*'], decision: 'allow' })
    expect(severities('scp-003', token(0), token(hours(23)), token(hours(25)))).toEqual(['medium', 'medium'])
    const all = ['a', 'b', 'c', 'd']
    const advertises = (...scopesSupported: string[]) =>
      sample('auth.metadata.published', { metadataKind: 'protected_resource', scopesSupported })
    const asks = sample('auth.challenge.sent', { scopesChallenged: all })
    expect(severities('scp-003', advertises(...all), asks, asks, advertises(...all), asks)).toEqual(['low', 'low'])
  })

  it('scp-004: the same grant once a quarter', () => {
    const month = (from: number) => [
      ...Array.from({ length: 12 }, (_, i) =>
        sample('auth.token.validated', { ...who, ts: days(from + i), scopes: ['a', 'b'], decision: 'allow' }),
      ),
      sample('authz.decision', { ...who, ts: days(from + 20), requiredScopes: ['a'], decision: 'allow' }),
    ]
    expect(severities('scp-004', ...[0, 31, 62, 93, 124].flatMap(month))).toEqual(['low', 'low'])
  })

  it('scp-005: what was counted is not counted again', () => {
    const denies = (at: number) =>
      sample('authz.decision', { ...who, ts: seconds(at), request: `r${at}`, tool: 't', decision: 'deny' })
    const upTo = (n: number) => Array.from({ length: n }, (_, i) => denies(i))
    expect([upTo(5), upTo(9), upTo(10)].map((events) => findings('scp-005', ...events).length)).toEqual([1, 1, 2])
  })

  it('scp-006: one action is one finding, a second refusal makes a second', () => {
    const token = (at: number, tokenFp: string, ...scopes: string[]) =>
      sample('auth.token.validated', {
        ...{ ...who, ts: minutes(at), tokenFp, scopes },
        ...{ decision: 'allow', principalKind: 'workload' },
      })
    const ends = (at: number, outcome: 'ok' | 'denied') =>
      sample('tool.result', { ...who, ts: minutes(at), tool: 'deploy', outcome, principalKind: 'workload' })
    const once = [token(0, 'a1', 'r'), ends(1, 'denied'), token(2, 'a2', 'r', 'w'), ends(3, 'ok'), ends(4, 'ok')]
    expect(severities('scp-006', ...once)).toEqual(['high'])
    const again = [ends(5, 'denied'), token(6, 'a3', 'r', 'w', 'x'), ends(7, 'ok')]
    expect(severities('scp-006', ...once, ...again)).toEqual(['high', 'high'])
  })

  it('scp-008: changes of one half hour are one finding, which names them', () => {
    const change = (at: number, setting: string) =>
      sample('config.changed', { ts: minutes(at), actor: 'carol', setting, beforeHash: 'a1', afterHash: 'a2' })
    const passes = (at: number) => sample('deployment.event', { ts: minutes(at), deployedClient: 'ide' })
    const [found, ...others] = findings('scp-008', change(0, 'x'), change(0, 'y'), passes(60), passes(600))
    expect(others).toEqual([])
    expect(found!.evidence['changes']).toEqual(['carol: x changed', 'carol: y changed'])
    const flood = Array.from({ length: 100 }, (_, i) => change(0, `s${i}`))
    expect(findings('scp-008', ...flood, passes(60))[0]!.evidence['changes']).toHaveLength(12)
  })

  it('scp-009: a policy that is to fail open once a day, a failure each time', () => {
    const open = (ts: number) => sample('authz.decision', { ts, failMode: 'open', decision: 'allow' })
    expect(severities('scp-009', open(0), open(hours(23)), open(hours(25)))).toEqual(['medium', 'medium'])
    const failed = sample('authz.decision', { request: 'r1', error: 'timeout', decision: 'error' })
    const ran = sample('tool.result', { request: 'r1', outcome: 'ok' })
    expect(severities('scp-009', failed, ran, ran)).toEqual(['critical'])
  })

  it('scp-011: a server once a day, whatever number of processes and lists', () => {
    const started = (producer: string) => sample('server.started', { producer, authRequired: true })
    const shows = (ts: number, producer: string) =>
      sample('tools.registry', { ts, producer, definitions: [{ name: 'list', hash: hashOf('list') }] })
    const lists = [0, 1, 2, 25].map((at) => shows(hours(at), `p${at}`))
    expect(severities('scp-011', started('p0'), started('p1'), ...lists)).toEqual(['info', 'info'])
  })

  it('trn-001: an origin once an hour, and each burst of refusals', () => {
    const request = (ts: number) => sample('http.request', { ts, origin: 'https://evil.tld', processed: true })
    expect(severities('trn-001', request(0), request(minutes(59)), request(minutes(61)))).toEqual(['medium', 'medium'])
    const refused = (ts: number) => sample('http.request', { ts, refusal: 'origin', processed: false })
    const burst = (from: number) => Array.from({ length: 19 }, (_, i) => refused(from + seconds(i)))
    expect(severities('trn-001', ...burst(0), ...burst(hours(2)))).toEqual(['medium', 'medium'])
  })

  it('trn-003: a server once a day, unless it gets worse', () => {
    const plain = (at: number, addressClass: 'private' | 'public') =>
      sample('http.request', { ts: hours(at), tlsVersion: 'none', addressClass, credentialLocation: 'header' })
    expect(severities('trn-003', plain(0, 'private'), plain(1, 'private'), plain(2, 'public'))).toEqual([
      'medium',
      'high',
    ])
  })

  it('trn-006: a server once a day, however often it starts', () => {
    const started = (at: number) =>
      sample('server.started', { ts: hours(at), authRequired: false, bindAddress: '0.0.0.0:1' })
    expect(severities('trn-006', started(0), started(1), started(23), started(25))).toEqual(['high', 'high'])
  })
})
