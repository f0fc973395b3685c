/** A fetch for configured addresses: names are checked when the socket is opened, and answers are bounded together. */
import { afterEach, describe, expect, it } from 'vitest'
import { type GuardedFetch, type GuardedFetchOptions, guardedFetch } from '../../../connectors/guarded-fetch.ts'
import { type Listening, listen } from '../../e2e/proxy-servers.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})
const asked: (string | undefined)[] = []
async function server(body = 'hello'): Promise<Listening> {
  const started = await listen((request, response) => {
    asked.push(request.headers.host)
    if (request.url === '/away') response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()
    else response.end(body)
  })
  open.push(started)
  return started
}
function guarded(options: Partial<GuardedFetchOptions> = {}): GuardedFetch['fetch'] {
  const guard = guardedFetch({ allowPrivate: true, maxBytes: 1_000, ...options })
  open.push(guard)
  return guard.fetch
}

describe('guardedFetch', () => {
  it('goes to the address that was checked, under the name it was given', async () => {
    const { port } = new URL((await server()).url)
    const fetch = guarded({ resolve: async () => ['127.0.0.1'] })
    expect(await (await fetch(`http://feed.example:${port}/x`)).text()).toBe('hello')
    expect(asked.at(-1)).toBe(`feed.example:${port}`)
  })
  it.each([
    [
      'a name that resolves to a private address',
      'https://feed.example/',
      { allowPrivate: false, resolve: async () => ['93.184.216.34', '10.0.0.1'] },
    ],
    ['a private address', 'https://127.0.0.1/', { allowPrivate: false }],
    ['a metadata service, whatever is allowed', 'http://169.254.169.254/', {}],
    ['a metadata service by name', 'http://feed.example/', { resolve: async () => ['169.254.169.254'] }],
    ['plain http where only public addresses are allowed', 'http://feed.example/', { allowPrivate: false }],
    ['a name and password in the URL', 'http://a:b@127.0.0.1/', {}],
  ])('does not go to %s', async (_, url, options) => {
    await expect(guarded(options)(url)).rejects.toMatchObject({ code: 'address_denied' })
  })
  it('follows no redirect, and stops when answers are too large altogether', async () => {
    const { url } = await server('x'.repeat(600))
    const fetch = guarded()
    await expect(fetch(`${url}/away`)).rejects.toThrow()
    expect((await (await fetch(url)).text()).length).toBe(600)
    await expect(fetch(url).then((answer) => answer.text())).rejects.toThrow('larger than 1000 bytes')
  })
})
