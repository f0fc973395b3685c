/** Example registries of tools, approvals and deployments, built from the words of their definitions. Times in minutes. */
import type { Definition } from '../schemas/events/registry.ts'
import { minutes } from './rule.ts'
import { hashOf, SAMPLE_EPOCH_MS, sample } from './sample.ts'

/** A definition in words; parts that are '' have no hash. */
export interface Words {
  readonly name?: string
  readonly description?: string
  readonly title?: string
  readonly meta?: string
  readonly output?: string
  readonly annotations?: string
  readonly fields?: readonly string[]
  /** Lines of the input's shape; without them every field is a text. */
  readonly shape?: readonly string[]
  readonly hints?: readonly string[]
  readonly verdicts?: readonly string[]
  /** Stands for the words: '' when the producer does not say them. */
  readonly wording?: string
  /** '' where the producer has no fingerprint. */
  readonly hash?: string
  readonly mentions?: readonly string[]
  /** The name as people read it, where letters of other scripts stand in it. */
  readonly nameKey?: string
  readonly size?: Readonly<Partial<Pick<Definition, 'schemaChars' | 'schemaDepth' | 'subschemas' | 'externalRefs'>>>
  readonly findings?: readonly string[]
}
export function definitionOf(words: Words) {
  const {
    name = 'read_file',
    description = `Does ${name}.`,
    title = '',
    meta = '',
    output = '',
    annotations = '',
  } = words
  const { fields = ['!path'], verdicts = [], wording = `${title} ${description}`, hints = [], mentions = [] } = words
  const { findings = verdicts.map((each) => each.split('=')[0]!) } = words
  const { shape = ['* object', ...fields.map((field) => `${field} string`)] } = words
  const part = (word: string) => (word === '' ? '' : hashOf(word))
  return {
    name,
    hash:
      words.hash ??
      hashOf(JSON.stringify([name, description, fields, output, annotations, title, meta, words.shape, hints])),
    descriptionHash: part(description),
    inputHash: part([...fields, ...shape].join()),
    outputHash: part(output),
    annotationsHash: part([annotations, ...hints].join('')),
    titleHash: part(title),
    metaHash: part(meta),
    wordingHash: part(wording),
    nameKey: words.nameKey ?? name.replace(/[^a-z0-9]/gi, '').toLowerCase(),
    inputFields: [...fields],
    inputShape: [...shape],
    annotations: [...hints],
    findings: [...findings],
    verdicts: [...verdicts],
    mentions: [...mentions],
    ...words.size,
  }
}
type Registry = NonNullable<Parameters<typeof sample<'tools.registry'>>[1]>
/** All tools of a server at a time; what is not said is a list for a modern client, made by build b1. */
export const shows = (at: number, tools: readonly Words[], more: Registry = {}) => {
  const definitions = tools.map(definitionOf)
  const where = { build: 'b1', era: 'modern', locale: 'en', registrySource: 'list' } as const
  return sample('tools.registry', { ts: minutes(at), ...where, ...more, definitions })
}
/** A server with one tool, at a minute. */
export const one = (at: number, words: Words, more: Registry = {}) => shows(at, [words], more)
/** A definition, and another one a minute later, from builds that nobody knows: what changed alone says how grave that is. */
export const changes = (before: Words, after: Words) => [
  shows(0, [before], { build: '' }),
  shows(1, [after], { build: '' }),
]
/** As seconds since 1970, for what ends at a minute of an example. */
export const endsAt = (at: number): number => SAMPLE_EPOCH_MS / 1_000 + at * 60
export const approves = (at: number, words: Words, expiresAt = 0) =>
  sample('tool.approved', {
    ts: minutes(at),
    tool: words.name ?? 'read_file',
    approvedHash: definitionOf(words).hash,
    expiresAt,
  })
export const revokes = (at: number, words: Words, all = false) =>
  sample('tool.approval.revoked', {
    ts: minutes(at),
    tool: words.name ?? 'read_file',
    approvedHash: definitionOf(words).hash,
    all,
  })
type Deployment = NonNullable<Parameters<typeof sample<'deployment.event'>>[1]>
export const deploys = (at: number, newBuildDigest: string, more: Deployment = {}) =>
  sample('deployment.event', { ts: minutes(at), newBuildDigest, ...more })
export const beats = (at: number) => sample('server.heartbeat', { ts: minutes(at) })
