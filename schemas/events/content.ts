/** Events of content that is not a tool's: resources, prompts, completions, and what classifiers and guardrails say of content. */
import type { z } from 'zod'
import { count, flag, id, measure, name, names, oneOf } from '../field.ts'

const reading = {
  bytes: count('server', 'bytes', 'Size of the answer as JSON.'),
  parts: count('server', 'number', 'Content parts.'),
  contentTypes: names('server', 'MIME or part types.'),
  urlDomains: names('server', 'Host names of URLs in the content.'),
  contentHmac: id('server', 'Keyed hash of the canonical answer.'),
  findings: names('server', 'Classes the content classifiers reported.'),
}

export const content = {
  'resource.read': {
    uriHmac: id('server', 'Keyed hash of the URI.'),
    uriScheme: name('server', 'Scheme of the URI.'),
    uriClass: name('server', 'Class of the URI: registered, template, traversal, sensitive_path, unknown.'),
    ...reading,
  },
  'prompt.get': {
    promptName: name('client', 'Prompt, as asked for.'),
    definitionKnown: flag('server', 'The prompt is one the server lists.'),
    argumentNames: names('client', 'Names of the arguments.'),
    argsHmac: id('server', 'Keyed hash of the canonical arguments.'),
    ...reading,
  },
  'completion.request': {
    referenceKind: oneOf('client', ['prompt', 'resource', 'other'], 'What is completed.'),
    referenceHmac: id('server', 'Keyed hash of the reference.'),
    argumentName: name('client', 'Argument that is completed.'),
    valueChars: count('server', 'characters', 'Length of what was typed so far.'),
    completions: count('server', 'number', 'Values offered.'),
  },
  'content.finding': {
    surface: oneOf(
      'server',
      ['definition', 'arguments', 'result', 'resource', 'prompt', 'elicitation', 'sampling', 'error', 'instructions'],
      'Where it was found.',
    ),
    findingClass: name('server', 'Class: secret.github_token, pii.email, injection.conceal, unicode.tag, …'),
    hits: count('server', 'number', 'Hits.'),
    score: measure('server', '0..1', 'Confidence of the classifier.'),
    detector: name('server', 'Classifier.'),
    detectorVersion: name('server', 'Its version.'),
    verdict: oneOf('server', ['benign', 'suspicious', 'malicious', 'unknown'], 'What the classifier says.'),
    spanHash: id('server', 'Keyed hash of the span.'),
    contentPath: name('server', 'Path within the arguments, result or definition.'),
    parameterRole: name('server', 'Role of the parameter: path, shell, sql, url, code, text.'),
    decodings: names('server', 'Decodings it was found under, outermost first.'),
    validated: flag('server', 'A checksum or structure proves the class.'),
    domains: names('server', 'Host names inside the span.'),
  },
  'guardrail.result': {
    provider: name('server', 'Provider, such as azure_prompt_shields.'),
    targetType: oneOf('server', ['user_prompt', 'document'], 'What was sent to it.'),
    surface: name('server', 'Where the content stood.'),
    verdict: oneOf('server', ['benign', 'attack', 'error', 'skipped'], 'What it said.'),
    action: oneOf('server', ['none', 'labelled', 'blocked'], 'What was done with the answer.'),
    error: name('server', 'Why there is no verdict: timeout, rate_limited, unauthorized, budget, …'),
    latencyMs: measure('server', 'ms', 'Time it took.'),
    chunks: count('server', 'number', 'Requests it took.'),
    cached: flag('server', 'The answer came from the cache.'),
  },
} as const satisfies Record<string, Record<string, z.ZodType>>
