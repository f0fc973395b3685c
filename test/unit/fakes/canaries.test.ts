/** The search for canaries finds what it is meant to find, in every form. */
import { describe, expect, it } from 'vitest'
import { CanarySearch, dressed, plant } from '../../fakes/canaries.ts'

describe('the search for canaries', () => {
  it('finds each one raw, encoded, within other text and in part', () => {
    for (const [kind, secret] of Object.entries(plant())) {
      for (const form of dressed(secret)) {
        const search = new CanarySearch({ [kind]: secret })
        search.look('here', `{"a":"x ${form} y"}`)
        expect(search.found.length, `${kind} as ${form}`).toBeGreaterThan(0)
      }
      for (const shift of ['', 'a', 'ab']) {
        const search = new CanarySearch({ [kind]: secret })
        search.look('here', Buffer.from(`${shift}${secret} and more`).toString('base64'))
        expect(search.found.length, kind).toBeGreaterThan(0)
      }
      const search = new CanarySearch({ [kind]: secret })
      search.look('here', secret.slice(-20))
      search.look('elsewhere', 'nothing of the kind')
      expect(search.found.map((line) => line.includes(secret))).not.toContain(true)
    }
  })
})
