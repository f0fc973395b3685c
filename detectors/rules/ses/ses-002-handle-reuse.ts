/** A private handle, minted for one principal, is presented by another. */
import { z } from 'zod'
import { days, defineRule } from '../../rule.ts'
import { example, exampleWith, idOf, sample } from '../../sample.ts'
import { type HandleOwner, judgePresented, noteMinted } from '../../sessions/handle-owner.ts'
import { match, noMatch } from './examples/ses-002-handle-reuse.ts'

const basket = { fp: idOf('basket-1'), path: '/basket', policy: 'private' } as const
type Handle = Parameters<typeof sample<'tool.call'>>[1] extends { argHandles?: infer H } | undefined
  ? H extends readonly (infer E)[]
    ? E
    : never
  : never
const mint = (principal: string, handle: Handle = basket, more: object = {}) =>
  sample('tool.result', { principal, mintedHandles: [handle], outcome: 'ok', request: 'r1', ...more })
const present = (principal: string, handle: Handle = basket, more: Parameters<typeof sample<'tool.call'>>[1] = {}) =>
  sample('tool.call', { principal, argHandles: [handle], decision: 'allow', ...more })
const issue = { fp: idOf('issue-4711'), path: '/number', policy: 'unknown' } as const
const listed = { ...basket, inList: true }
const task = (principal: string, more: Parameters<typeof sample<'task.accessed'>>[1] = {}) =>
  sample('task.accessed', { principal, taskFp: 't1', op: 'result', decision: 'allow', ...more })

export default defineRule({
  id: 'ses-002-handle-reuse',
  version: 1,
  title: 'Handle used by another principal',
  severity: { allowed: 'high', denied: 'medium' },
  why: 'Without sessions, a state handle, task id or requestState is what a session id was: who holds it acts in its owner’s context, unless the server compares the principal.',
  falsePositives: [
    'Shared objects, such as documents: declare their handles as shared. What three people see in lists is taken as shared.',
    'A service that acts for the owner, as its token says, is reported as low.',
  ],
  blindSpots: [
    'Handles minted before the audit began, or that a server hands out by other ways than results.',
    'Handles that nobody declared and whose path does not look private, unless judgeUnknown is on.',
    'Callers without a verified principal: see tok-011.',
  ],
  triage: [
    'How did the second principal get the handle: a log, a shared prompt, a guess?',
    'List what was read or changed under this handle.',
    'Make the server compare the principal with the owner of the handle.',
  ],
  refs: ['MCP10:2025', 'MCP07:2025', 'T1563', 'AML.T0091'],
  requires: {
    'handle.minted': ['handle', 'handleKind', 'handlePolicy', 'handlePath', 'inList', 'principal'],
    'handle.presented': [
      'handle',
      'handleKind',
      'handlePolicy',
      'handlePath',
      'principal',
      'actors',
      'request',
      'resultReturned',
    ],
  },
  occasional: ['actors', 'inList', 'handlePath', 'resultReturned'],
  config: z.object({
    privatePaths: z
      .array(z.string())
      .default(['basket', 'cart', 'draft', 'session', 'state', 'handle', 'token', 'secret', 'upload', 'job', 'task'])
      .describe('Words in the path of a handle that make it private where nobody declared it.'),
    judgeUnknown: z
      .boolean()
      .default(false)
      .describe('Also report handles that nobody declared, as medium, once each.'),
    sharedFrom: z.int().min(2).default(3).describe('Principals that see a handle in lists until it counts as shared.'),
    aliases: z
      .record(z.string(), z.string())
      .default({})
      .describe('Subjects of the same person: principal key -> the key that counts.'),
  }),
  per: 'handle',
  ttl: days(30),
  cell: (): HandleOwner => ({ owner: '', policy: '', kind: '', viewers: [], request: '', said: '' }),
  on: {
    'handle.minted': (e, cell, config) => noteMinted(e, cell, config),
    'handle.presented': (e, cell, config) => judgePresented(e, cell, config),
  },
  examples: {
    match: [
      ...match,
      example('bob adds to the basket of alice', mint('alice'), present('bob')),
      example('bob is refused', mint('alice'), present('bob', basket, { decision: 'deny', request: 'r2' })),
      example(
        'nobody declared it, its path says so',
        mint('alice', { ...basket, policy: 'unknown' }),
        present('bob', { ...basket, policy: 'unknown' }),
      ),
      example('a service that acts for alice', mint('alice'), present('robot', basket, { actors: ['alice'] })),
      example(
        'the result of her task is handed to bob',
        sample('task.created', { principal: 'alice', taskFp: 't1' }),
        task('bob', { resultReturned: true }),
      ),
      example(
        'a requestState of alice comes back from bob',
        sample('mrtr.input_required', { principal: 'alice', stateFp: 'a1' }),
        sample('mrtr.retry', { principal: 'bob', stateFp: 'a1' }),
      ),
      exampleWith(
        { judgeUnknown: true },
        'unknown handles, when asked for',
        mint('alice', issue),
        present('bob', issue),
        present('carol', issue),
      ),
    ],
    noMatch: [
      ...noMatch,
      example('an issue number used by many', mint('alice', issue), present('bob', issue), present('carol', issue)),
      example(
        'the owner uses it, also with a new token',
        mint('alice'),
        present('alice'),
        task('alice', { resultReturned: false }),
      ),
      example(
        'declared as shared',
        mint('alice', { ...basket, policy: 'shared' }),
        present('bob', { ...basket, policy: 'shared' }),
      ),
      example(
        'three people saw it in lists',
        ...['alice', 'bob', 'carol'].map((who) => mint(who, listed)),
        present('dave'),
      ),
      example('started before the login', mint(''), present('alice'), present('alice')),
      exampleWith(
        { aliases: { [idOf('alice2')]: idOf('alice') } },
        'a new subject of the same person',
        mint('alice'),
        present('alice2'),
      ),
      example('never seen minted', present('bob')),
    ],
  },
})
