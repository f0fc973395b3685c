/** Erasure of one subject. */
import { z } from 'zod'
import { AuditdError } from '../../../schemas/errors.ts'
import { eraseSubject } from '../../proof/erase.ts'
import { route } from '../route.ts'

export default route({
  method: 'POST',
  path: '/v1/erase',
  summary: 'Erases every event, finding and alert that names a subject, with signed tombstones',
  asked: z.strictObject({
    subject: z.string().min(16).max(64).describe('Principal key, as events name it.'),
    tenant: z.string().min(1).max(512).default('default').describe('Tenant of the subject.'),
    reason: z.string().min(1).max(512).describe('Why; stands in the tombstones and in the audit event.'),
    by: z.string().min(1).max(512).describe('Who asks for it.'),
    trial: z.boolean().default(false).describe('Only count.'),
  }),
  answers: 'Keys of the subject, events and mentions that were erased.',
  async answer({ trial, ...asked }, { store, bus, proof, clock }) {
    if (proof === undefined) throw new AuditdError('config_invalid', 'erase', '', 'this service keeps no proof')
    const answer = await eraseSubject({ store, bus, proof, nowMs: clock.nowMs() }, { ...asked, isTrial: trial })
    return { body: answer }
  },
})
