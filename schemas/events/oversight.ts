/** Events about content findings and about the audit system itself. */
import type { z } from 'zod'
import { count, flag, id, measure, name, names, oneOf, text } from '../field.ts'

export const oversight = {
  'content.finding': {
    surface: oneOf(
      'server',
      ['definition', 'arguments', 'result', 'resource', 'prompt', 'elicitation'],
      'Where it was found.',
    ),
    findingClass: name('server', 'Class: secret, pii, injection, hidden_unicode, …'),
    hits: count('server', 'number', 'Hits.'),
    score: measure('server', '0..1', 'Confidence of the classifier.'),
    detector: name('server', 'Classifier.'),
    detectorVersion: name('server', 'Its version.'),
    verdict: oneOf('server', ['benign', 'suspicious', 'malicious', 'unknown'], 'What the classifier says.'),
    spanHash: id('server', 'Keyed hash of the span.'),
  },
  'auditd.config.changed': {
    setting: name('ours', 'Setting, by path.'),
    actor: name('ours', 'Who changed it.'),
    weakened: flag('ours', 'Less is recorded than before.'),
    ticket: name('ingested', 'Change ticket.'),
  },
  'auditd.error': {
    component: name('ours', 'Component.'),
    code: name('ours', 'Error code of errors.ts.'),
    message: text('ours', 'Message with component and field.'),
    dropped: count('ours', 'number', 'Events lost by it.'),
    firstSeq: count('ours', 'number', 'First number of a gap.'),
    lastSeq: count('ours', 'number', 'Last number of a gap.'),
  },
  'detection.alert': {
    alertId: id('ours', 'Alert.'),
    rule: name('ours', 'Rule that raised it.'),
    severity: oneOf('ours', ['info', 'low', 'medium', 'high', 'critical'], 'Severity.'),
    entity: name('ours', 'Whom or what it is about.'),
    evidence: names('ours', 'Event ids.'),
  },
} as const satisfies Record<string, Record<string, z.ZodType>>
