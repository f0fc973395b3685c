/** Attacks on authorization: what a caller may not do, and does. */
import type { Session } from '../copy.ts'
import { type AttackKind, has, isProtected, type Story, UnfitSession } from './story.ts'

const TOKEN = 'auth.token.validated'
const hasScopes = ({ decision, scopes }: Readonly<Record<string, unknown>>): boolean =>
  decision === 'allow' && Array.isArray(scopes) && scopes.length > 0
/** The last token of whoever opens the session, and all of that person. */
function grown(story: Story, session: Session, plus: readonly string[]): void {
  const tokens = story.all(session, TOKEN, hasScopes)
  if (tokens.length < 2) throw new UnfitSession('one token alone')
  const { principalKey } = tokens[0]!.fields
  story.others.push(principalKey as string)
  const tokenFp = story.hex()
  for (const token of tokens.filter(({ fields }) => fields['principalKey'] === principalKey).slice(1))
    story.change(token, { scopes: [...(token.fields['scopes'] as string[]), ...plus], tokenFp })
}
const decides = (story: Story, session: Session, changes: Record<string, unknown>): void => {
  const call = story.first(session, 'tool.call', ({ decision }) => decision === 'allow')
  const { toolName } = call.fields
  const decision = {
    resourceClass: 'tool',
    policyId: 'orders',
    decision: 'allow',
    failMode: 'closed',
    error: '',
    toolName,
  }
  story.after(call, 'authz.decision', { ...decision, ...changes })
}

export const SCOPES: readonly AttackKind[] = [
  {
    name: 'an administrator’s scope out of nowhere',
    fits: ['scp-002', 'scp-006'],
    on: (kind) => /^orders-(fastify|hono|http|express)/.test(kind.kind),
    tell(story) {
      const types = [TOKEN, 'tool.call']
      const session = story.session(types)
      story.past(session, 6)
      grown(story, session, story.variant % 2 === 0 ? ['orders:admin'] : ['orders:*'])
    },
  },
  {
    name: 'allowed without the scope',
    fits: ['scp-001'],
    on: isProtected,
    tell(story) {
      const session = story.session(['tool.call', TOKEN])
      const required = [['orders:delete'], ['files:admin', 'files:write'], ['payroll:write']][story.variant % 3]!
      decides(story, session, { requiredScopes: required, grantedScopes: ['orders:read', 'files:read'] })
    },
  },
  {
    name: 'the policy fails and all is allowed',
    fits: ['scp-009'],
    on: isProtected,
    tell(story) {
      const session = story.session(['tool.call', TOKEN])
      const error = ['timeout', 'connection refused'][story.variant % 2]
      decides(story, session, { requiredScopes: [], grantedScopes: [], error, failMode: 'open' })
    },
  },
  {
    name: 'refused, a bigger token, allowed',
    fits: ['scp-006', 'scp-002'],
    on: (kind) => /^orders-(fastify|hono|http|express-v1)/.test(kind.kind),
    tell(story) {
      const session = story.session([TOKEN, 'tool.call', 'tool.result'])
      // Who was asked for more scopes may well come back with them.
      if (story.all(session, 'auth.challenge.sent').length > 0) throw new UnfitSession('a step-up')
      const token = story.last(session, TOKEN, hasScopes)
      const result = story.last(
        session,
        'tool.result',
        ({ outcome, principalKey }) => outcome === 'ok' && principalKey === token.fields['principalKey'],
      )
      const toolName = 'delete_order'
      story.others.push(token.fields['principalKey'] as string)
      const begin = Math.max(token.ms, result.ms) - result.ms
      const waitMs = story.variant % 2 === 0 ? 4_000 : 240_000
      story.again(result, { toolName, outcome: 'denied', decision: 'deny', errorCode: '403' }, begin + 1_000)
      story.again(
        token,
        { tokenFp: story.hex(), scopes: [...(token.fields['scopes'] as string[]), 'orders:delete'] },
        result.ms - token.ms + begin + 1_000 + waitMs,
      )
      story.again(result, { toolName, outcome: 'ok', decision: 'allow' }, begin + 2_000 + waitMs)
    },
  },
  {
    name: 'tools tried out one by one',
    fits: ['scp-005'],
    on: isProtected,
    tell(story) {
      const session = story.session(['tool.call', TOKEN])
      const call = story.first(
        session,
        'tool.call',
        ({ decision, principalKey }) => decision === 'allow' && principalKey !== '',
      )
      for (let n = 0; n < 12; n++)
        story.after(
          call,
          'authz.decision',
          {
            toolName: `admin_${n}`,
            decision: 'deny',
            requiredScopes: [`admin:${n}`],
            grantedScopes: [],
            requestUid: story.hex(),
            resourceClass: 'tool',
            policyId: 'orders',
            error: '',
          },
          1_000 + n * (story.variant % 2 === 0 ? 700 : 40_000),
        )
    },
  },
  {
    name: 'data of another tenant',
    fits: ['scp-007'],
    on: (kind) => isProtected(kind) && has('tool.result')(kind),
    tell(story) {
      const session = story.session(['tool.result', TOKEN])
      const result = story.first(
        session,
        'tool.result',
        ({ outcome, principalKey }) => outcome === 'ok' && !!principalKey,
      )
      for (const token of story.all(
        session,
        TOKEN,
        ({ principalKey }) => principalKey === result.fields['principalKey'],
      ))
        Object.assign(token.fields, { tid: '1b2c3d4e-0000-4000-8000-00000000000a' })
      story.change(result, { dataTags: [`tenant:1b2c3d4e-0000-4000-8000-00000000000${'bcd'[story.variant % 3]}`] })
    },
  },
  {
    name: 'a grant changed by hand',
    fits: ['scp-008'],
    on: isProtected,
    tell(story) {
      const session = story.session([TOKEN])
      story.ingested(story.startMs + 5_000, 'grant.changed', {
        actor: 'root@console',
        subjectKey: story.victim(session).key,
        added: story.variant % 2 === 0 ? ['orders:admin'] : ['role:owner'],
        removed: [],
        ticket: '',
      })
    },
  },
]
