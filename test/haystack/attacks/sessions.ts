/** Attacks on sessions and handles: what was given to one, in the hands of another; and ways to come by it. */
import { type AttackKind, has, isProtected } from './story.ts'

const CALL = 'tool.call'
const RESULT = 'tool.result'
const authed =
  (...types: string[]) =>
  (kind: Parameters<typeof isProtected>[0]): boolean =>
    isProtected(kind) && has(...types)(kind)

export const SESSIONS: readonly AttackKind[] = [
  {
    name: 'a session in other hands',
    fits: ['ses-001', 'ses-008'],
    on: authed('session.created', RESULT),
    tell(story) {
      const session = story.session(['session.created', RESULT])
      const result = story.last(session, RESULT, ({ sessionFp, principalKey }) => !!sessionFp && !!principalKey)
      const thief = story.sender(story.stranger(session))
      const waitMs = story.variant % 2 === 0 ? 400 : 600_000
      const token = story.last(session, 'auth.token.validated', ({ decision }) => decision === 'allow')
      const requestUid = story.hex()
      story.again(
        token,
        {
          ...thief,
          correlationKey: result.fields['sessionFp'],
          tokenFp: story.hex(),
          sessionFp: result.fields['sessionFp'],
          requestUid,
        },
        result.ms - token.ms + waitMs,
      )
      story.again(result, { ...thief, correlationKey: result.fields['sessionFp'], requestUid }, waitMs + 50)
    },
  },
  {
    name: 'a private handle in other hands',
    fits: ['ses-002', 'ses-008'],
    on: (kind) =>
      kind.sessions.some(({ events }) =>
        events.some(({ fields }) =>
          ((fields['argHandles'] as { policy: string }[] | undefined) ?? []).some(({ policy }) => policy === 'private'),
        ),
      ),
    tell(story) {
      const handlesOf = (fields: Readonly<Record<string, unknown>>): { policy: string }[] =>
        (fields['argHandles'] as { policy: string }[] | undefined) ?? []
      const fitting = story.server.kind.sessions.filter(({ events }) =>
        events.some(({ fields }) => handlesOf(fields).some(({ policy }) => policy === 'private')),
      )
      let session = story.session([CALL])
      for (let tries = 0; tries < 50 && !fitting.includes(session.template); tries++) {
        story.events.length = 0
        session = story.session([CALL])
      }
      const call = story.last(session, CALL, (fields) => handlesOf(fields).some(({ policy }) => policy === 'private'))
      const thief = story.sender(story.stranger(session))
      story.again(call, { ...thief, sessionFp: story.hex() }, story.variant % 2 === 0 ? 3_000 : 900_000)
    },
  },
  {
    name: 'the state of another’s call',
    fits: ['ses-002', 'ses-010'],
    on: has('mrtr.retry'),
    tell(story) {
      const session = story.session(['mrtr.retry', CALL])
      const retry = story.first(session, 'mrtr.retry')
      const thief = story.sender(story.stranger(session))
      const changes = story.variant % 2 === 0 ? {} : { principalMatch: false }
      story.again(retry, { ...thief, ...changes, decision: 'allow' }, 4_000)
    },
  },
  {
    name: 'the task of another',
    fits: ['ses-002'],
    on: isProtected,
    tell(story) {
      const session = story.session([CALL])
      const call = story.first(session, CALL, ({ principalKey }) => !!principalKey)
      const taskFp = story.hex()
      story.marked.delete(
        story.after(call, 'task.created', { taskFp, ttlMs: 600_000, pollIntervalMs: 1_000, idBits: 122, idLength: 36 }),
      )
      const thief = story.sender(story.stranger(session))
      const op = story.variant % 2 === 0 ? 'result' : 'get'
      story.after(
        call,
        'task.accessed',
        {
          ...thief,
          taskFp,
          op,
          ownerMatch: undefined,
          resultReturned: true,
          requestUid: story.hex(),
          sessionFp: '',
          outcome: 'ok',
          method: `tasks/${op}`,
        },
        20_000,
      )
    },
  },
  {
    name: 'session ids that can be guessed',
    fits: ['ses-004'],
    on: has('session.created'),
    tell(story) {
      const session = story.session(['session.created'])
      const created = story.first(session, 'session.created')
      const weak =
        story.variant % 2 === 0
          ? { idBits: 24, idLength: 8, idAlphabet: 'decimal', idMonotonic: true }
          : { idBits: 50, idLength: 12, idAlphabet: 'hex' }
      for (let n = 0; n < 26; n++)
        story.again(created, { ...weak, idUuidVersion: 0, sessionFp: story.hex() }, 1_000 + n * 20_000)
    },
  },
  {
    name: 'session ids tried out',
    fits: ['ses-005'],
    on: authed('http.request', 'session.created'),
    tell(story) {
      const session = story.session(['http.request', 'session.created'])
      const request = story.last(session, 'http.request')
      const { sourceAddressFp } = story.sender(story.stranger(session))
      for (let n = 0; n < 45; n++)
        story.again(
          request,
          {
            sourceAddressFp,
            principalKey: '',
            clientKey: '',
            decision: 'deny',
            status: 404,
            processed: false,
            refusal: 'session',
            sessionFp: story.hex(),
            outcome: 'protocol_error',
          },
          1_000 + n * (story.variant % 2 === 0 ? 300 : 5_000),
        )
    },
  },
  {
    name: 'another’s stream resumed',
    fits: ['ses-006', 'ses-001'],
    on: authed('stream.opened', 'session.created'),
    tell(story) {
      const session = story.session(['stream.opened', 'session.created'])
      const stream = story.first(session, 'stream.opened', ({ sessionFp }) => !!sessionFp)
      const thief = story.sender(story.stranger(session))
      story.again(
        stream,
        { ...thief, lastEventFp: story.hex(), decision: 'allow' },
        story.variant % 2 === 0 ? 2_000 : 120_000,
      )
    },
  },
  {
    name: 'a message put into another’s session',
    fits: ['ses-007'],
    on: authed('session.created'),
    tell(story) {
      const session = story.session(['session.created', 'auth.token.validated'])
      const created = story.first(session, 'session.created')
      const thief = story.stranger(session)
      const way = story.variant % 2 === 0 ? 'notification.sent' : 'queue.enqueued'
      const message = {
        producerPrincipal: thief.key,
        causeRequestUid: story.hex(),
        notification: 'notifications/message',
        broadcast: false,
        queueKind: 'notification',
      }
      const { broadcast: _, queueKind: __, ...sent } = message
      story.after(created, way, way === 'notification.sent' ? sent : message, 5_000)
    },
  },
  {
    name: 'another completes the page',
    fits: ['ses-011'],
    on: isProtected,
    tell(story) {
      const session = story.session([CALL])
      const call = story.first(session, CALL, ({ principalKey }) => !!principalKey)
      const handleFp = story.hex()
      story.marked.delete(
        story.after(call, 'elicitation.requested', {
          mode: 'url',
          urlHost: 'login.corp.example',
          handleFp,
          fieldClasses: [],
          urlFlaws: [],
        }),
      )
      const thief = story.stranger(session)
      story.after(
        call,
        'elicitation.completed',
        { mode: 'url', action: 'accept', handleFp, stage: 'done', webPrincipalKey: thief.key, fieldClasses: [] },
        story.variant % 2 === 0 ? 30_000 : 400_000,
      )
    },
  },
  {
    name: 'a state used again and again',
    fits: ['ses-010'],
    on: has('mrtr.retry'),
    tell(story) {
      const session = story.session(['mrtr.retry', CALL])
      const retry = story.first(session, 'mrtr.retry')
      const changes = story.variant % 2 === 0 ? { digestMatch: false } : { integrity: 'failed' }
      for (let n = 0; n < 5; n++) story.again(retry, { ...changes, uses: n + 2, decision: 'allow' }, 2_000 * (n + 1))
    },
  },
]
