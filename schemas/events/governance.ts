/** Facts fed in from outside, which rules join with what they see: deployments, revocations, approvals, inventories, advisories. */
import type { z } from 'zod'
import { count, epochSeconds, flag, id, measure, name, names, oneOf } from '../field.ts'

export const governance = {
  'deployment.event': {
    deployedServer: name('ingested', 'Server that was deployed; empty means this one.'),
    newBuildDigest: name('ingested', 'Digest that was rolled out.'),
    deployedClient: name('ingested', 'Client that was released, when it is a client release.'),
    actor: name('ingested', 'Who deployed.'),
    runId: name('ingested', 'Run of the pipeline.'),
  },
  'identity.revoked': {
    subjectKind: oneOf('ingested', ['principal', 'token', 'client'], 'What was revoked.'),
    subjectKey: name('ingested', 'Its keyed hash, or the client id.'),
    revokedAt: epochSeconds('ingested', 'From when.'),
    feed: name('ingested', 'Who says so: caep, graph, admin.'),
    reason: name('ingested', 'Why.'),
  },
  'grant.changed': {
    actor: name('ingested', 'Who changed it.'),
    subjectKey: name('ingested', 'Whose grant, as keyed hash or client id.'),
    added: names('ingested', 'Scopes or roles that were added.'),
    removed: names('ingested', 'Scopes or roles that were removed.'),
    ticket: name('ingested', 'Change ticket.'),
  },
  'config.changed': {
    setting: name('ingested', 'Setting of the server, by path.'),
    actor: name('ingested', 'Who changed it.'),
    beforeHash: id('ingested', 'Hash of the value before.'),
    afterHash: id('ingested', 'Hash of the value after.'),
    ticket: name('ingested', 'Change ticket.'),
  },
  'approval.recorded': {
    approver: name('ingested', 'Who decided.'),
    approvalResult: oneOf('ingested', ['approved', 'rejected', 'expired'], 'What was decided.'),
    argsHmac: id('ingested', 'Keyed hash of the arguments it is for.'),
    approvalRef: name('ingested', 'Reference that the call names.'),
    expiresAt: epochSeconds('ingested', 'End of the approval, 0 for none.'),
  },
  'inventory.snapshot': {
    inventoryKind: oneOf('ingested', ['servers', 'clients', 'destinations', 'tools', 'principals'], 'What is listed.'),
    approved: names('ingested', 'What is approved.'),
    tags: names('ingested', 'Tags as name=tag.'),
    complete: flag('ingested', 'What is not listed is not approved.'),
    part: count('ingested', 'number', 'Part of a snapshot that takes several events, from 1.'),
    snapshotParts: count('ingested', 'number', 'Parts of the snapshot.'),
  },
  'ti.indicator': {
    indicatorKind: oneOf('ingested', ['domain', 'ip', 'url', 'hash', 'client'], 'What it is.'),
    indicator: name('ingested', 'Domain, hash or client; an address or URL as a keyed hash.'),
    confidence: measure('ingested', '0..100', 'Confidence of the feed.'),
    expiresAt: epochSeconds('ingested', 'End of validity, 0 for none.'),
    feed: name('ingested', 'Feed.'),
  },
  'advisory.event': {
    advisory: name('ingested', 'Id, such as CVE-2026-0001.'),
    packageName: name('ingested', 'Package.'),
    affected: name('ingested', 'Range of affected versions.'),
    severity: oneOf('ingested', ['low', 'medium', 'high', 'critical'], 'Severity of the advisory.'),
    vexStatus: oneOf('ingested', ['affected', 'not_affected', 'fixed', 'under_investigation'], 'VEX status.'),
  },
} as const satisfies Record<string, Record<string, z.ZodType>>
