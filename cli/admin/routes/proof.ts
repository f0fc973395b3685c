/** How far the chains of the partitions of this service reach, for `verify`: a store that was cut off does not know. */
import { z } from 'zod'
import { route } from '../route.ts'

export default route({
  method: 'GET',
  path: '/v1/proof/heads',
  summary: 'Heads of the chains of this service, and its rows that no manifest holds yet',
  asked: z.strictObject({}),
  answers: 'Heads by log and partition.',
  async answer(_asked, { proof }) {
    return { body: { heads: proof?.heads() ?? [] } }
  },
})
