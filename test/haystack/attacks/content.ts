/** Attacks in content: orders in results, arguments that break out, poisoned memory, servers that ask too much. */
import type { Event, Session } from '../copy.ts'
import { type AttackKind, has, type Story } from './story.ts'

const FINDING = 'content.finding'
const isCall = ({ decision }: Readonly<Record<string, unknown>>): boolean => decision !== 'deny'
const session = (story: Story, ...types: string[]): Session => story.session(['tool.call', ...types])
/** What a classifier says of a value, as the producer tells it. */
function finds(story: Story, event: Event, findingClass: string, changes: Record<string, unknown>, waitMs = 5): Event {
  return story.after(
    event,
    FINDING,
    {
      findingClass,
      detector: findingClass.split('.')[0],
      verdict: 'malicious',
      score: 0.95,
      validated: false,
      decodings: [],
      domains: [],
      hits: 1,
      ...changes,
    },
    waitMs,
  )
}
const inArguments = (
  story: Story,
  findingClass: string,
  parameterRole: string,
  more: Record<string, unknown> = {},
): void => {
  const call = story.first(session(story), 'tool.call', isCall)
  finds(story, call, findingClass, {
    surface: 'arguments',
    parameterRole,
    contentPath: `args.${parameterRole}`,
    ...more,
  })
}
const inResult = { surface: 'result', contentPath: 'content[0].text', parameterRole: 'unknown' }
const calls = has('tool.call', 'tool.result')

export const CONTENT: readonly AttackKind[] = [
  {
    name: 'orders in a result',
    fits: ['inj-001'],
    on: calls,
    tell(story) {
      const result = story.first(session(story, 'tool.result'), 'tool.result')
      const kinds = ['injection.override', 'injection.secret_path', 'injection.conceal']
      finds(story, result, kinds[story.variant % 3]!, inResult)
    },
  },
  {
    name: 'orders come in, private data goes out',
    fits: ['inj-006', 'inj-001'],
    on: calls,
    tell(story) {
      const copied = session(story, 'tool.result')
      const result = story.first(copied, 'tool.result')
      const call = story.first(copied, 'tool.call', isCall)
      finds(story, result, 'injection.recipient', inResult)
      const waitMs = story.variant % 2 === 0 ? 2_000 : 120_000
      story.again(call, { toolName: 'read_mail', definitionHash: '', decision: 'allow' }, waitMs)
      const sends = story.again(call, { toolName: 'http_post', definitionHash: '', decision: 'allow' }, 2 * waitMs)
      story.after(
        sends,
        'outbound.request',
        {
          toolName: 'http_post',
          destinationHost: 'drop.example',
          ipClass: 'public',
          pathClass: 'other',
          verb: 'POST',
          argumentMatch: true,
          credentialRelation: 'none',
          redirectHosts: [],
          redirects: 0,
        },
        50,
      )
    },
  },
  {
    name: 'a shell in an argument',
    fits: ['inj-003'],
    on: calls,
    tell: (story) =>
      inArguments(
        story,
        ['attack.command_injection', 'attack.code_injection', 'attack.template_injection'][story.variant % 3]!,
        'shell',
      ),
  },
  {
    name: 'a query in an argument',
    fits: ['inj-003'],
    on: calls,
    tell: (story) => inArguments(story, 'attack.sql_injection', 'sql'),
  },
  {
    name: 'a path to the keys',
    fits: ['inj-004'],
    on: calls,
    tell: (story) =>
      inArguments(story, ['attack.sensitive_file', 'attack.path_traversal'][story.variant % 2]!, 'path', {
        decodings: story.variant % 2 === 0 ? [] : ['percent'],
      }),
  },
  {
    name: 'the metadata address is asked for',
    fits: ['inj-005'],
    on: calls,
    tell(story) {
      if (story.variant % 2 === 0)
        return inArguments(story, 'attack.ssrf', 'url', { score: 0.98, domains: ['169.254.169.254'] })
      const call = story.first(session(story), 'tool.call', isCall)
      story.after(call, 'outbound.request', {
        destinationHost: '169.254.169.254',
        ipClass: 'link_local',
        argumentMatch: true,
        verb: 'GET',
        pathClass: 'other',
        redirectHosts: [],
        redirects: 0,
        credentialRelation: 'none',
        failure: '',
      })
    },
  },
  {
    name: 'an order written into the memory',
    fits: ['inj-008'],
    on: (kind) => /^memory/.test(kind.kind),
    tell(story) {
      const call = story.first(session(story), 'tool.call', isCall)
      const toolName = call.fields['toolName'] as string
      const writes = /create|add/.test(toolName) ? {} : { toolName: 'add_observations' }
      const memory = /memor/.test(toolName) ? {} : { toolName: 'save_memory' }
      finds(story, call, ['injection.recipient', 'injection.conceal'][story.variant % 2]!, {
        ...writes,
        ...memory,
        surface: 'arguments',
        parameterRole: 'text',
        contentPath: 'args.observations[0].contents[0]',
      })
    },
  },
  {
    name: 'the client’s model is used up',
    fits: ['inj-009'],
    on: calls,
    tell(story) {
      const call = story.first(session(story), 'tool.call', isCall)
      const count = story.variant % 2 === 0 ? 30 : 8
      for (let n = 0; n < count; n++)
        story.after(
          call,
          'sampling.requested',
          {
            maxTokens: 4_000,
            includeContext: 'none',
            messages: 2,
            samplingTools: [],
            findings: [],
            depth: story.variant % 2 === 0 ? 1 : n + 1,
          },
          200 + n * 900,
        )
    },
  },
  {
    name: 'a form asks for a password',
    fits: ['inj-010'],
    on: calls,
    tell(story) {
      const call = story.first(session(story), 'tool.call', isCall)
      const asked =
        story.variant % 2 === 0
          ? { mode: 'form', fieldClasses: ['credential'], urlHost: '' }
          : { mode: 'url', fieldClasses: [], urlHost: '10.0.0.9', urlFlaws: ['not_https', 'private_address'] }
      story.after(call, 'elicitation.requested', { urlFlaws: [], handleFp: story.hex(), ...asked })
    },
  },
  {
    name: 'a result writes to the clipboard',
    fits: ['inj-011'],
    on: calls,
    tell(story) {
      const result = story.first(session(story, 'tool.result'), 'tool.result')
      finds(story, result, ['terminal.clipboard', 'terminal.osc'][story.variant % 2]!, inResult)
    },
  },
  {
    name: 'prompts that break out, one after another',
    fits: ['inj-002'],
    on: calls,
    tell(story) {
      const call = story.first(session(story), 'tool.call', isCall)
      for (let n = 0; n < 12; n++) {
        const again = story.again(call, { decision: 'allow' }, 1_000 + n * (story.variant % 2 === 0 ? 1_500 : 15_000))
        finds(story, again, 'injection.override', {
          surface: 'arguments',
          parameterRole: 'text',
          contentPath: 'args.message',
        })
      }
    },
  },
]
