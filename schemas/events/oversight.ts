/** Events about the audit system itself. */
import type { z } from 'zod'
import { ALERT_STATUSES, ALERT_VERDICTS } from '../alert.ts'
import { count, flag, id, name, names, oneOf, text } from '../field.ts'

export const oversight = {
  'auditd.config.changed': {
    setting: name('ours', 'Setting, by path.'),
    actor: name('ours', 'Who changed it.'),
    weakened: flag('ours', 'Less is recorded than before.'),
    beforeHash: id('ours', 'SHA-256 of the value before.'),
    afterHash: id('ours', 'SHA-256 of the value after.'),
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
  'auditd.checkpoint': {
    chainHash: id('server', 'Hash of the newest sealed spool segment.'),
    firstSeq: count('server', 'number', 'First number it covers.'),
    lastSeq: count('server', 'number', 'Last number it covers.'),
    signatureFp: id('server', 'Keyed hash over the chain and the numbers.'),
    chainLog: name('ours', 'Log of the stored rows whose chain of manifests it is.'),
    chainPartition: count('ours', 'number', 'Partition of the log.'),
    nextOffset: count('ours', 'number', 'Offset before which the chain has every row.'),
    keyId: id('ours', 'Key that signed the newest manifest.'),
    signature: name('ours', 'Its Ed25519 signature, base64.'),
  },
  'auditd.coverage': {
    rule: name('ours', 'Rule.'),
    coverageState: oneOf('ours', ['active', 'degraded', 'inactive', 'not_applicable', 'not_observable'], 'Its state.'),
    missing: names('ours', 'Fields or types that are missing.'),
    evaluations: count('ours', 'number', 'How often it was evaluated.'),
    reason: text('ours', 'Why.'),
  },
  'audit.access': {
    actor: name('ours', 'Who read or changed the audit store.'),
    operation: oneOf(
      'ours',
      ['query', 'export', 'reveal', 'delete', 'retention', 'alert', 'definition', 'response'],
      'What was done.',
    ),
    subject: name('ours', 'What it was done to.'),
    rows: count('ours', 'number', 'Rows that were read or changed.'),
    reason: text('ours', 'Reason given.'),
    approver: name('ours', 'Second person, where one is needed.'),
  },
  'detection.alert': {
    alertId: id('ours', 'Alert.'),
    rule: name('ours', 'Rule that raised it.'),
    severity: oneOf('ours', ['info', 'low', 'medium', 'high', 'critical'], 'Severity.'),
    entity: name('ours', 'Whom or what it is about.'),
    evidence: names('ours', 'Event ids.'),
    alertStatus: oneOf('ours', ALERT_STATUSES, 'Where it stands in its life.'),
    verdict: oneOf('ours', ALERT_VERDICTS, 'What a person found it to be; empty: nobody said.'),
    actor: name('ours', 'Who acknowledged, resolved or suppressed it.'),
    reason: text('ours', 'Why it stands there, or why it has this severity.'),
    revision: count('ours', 'number', 'Revision of the alert.'),
  },
} as const satisfies Record<string, Record<string, z.ZodType>>
