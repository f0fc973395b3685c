/** The store can be had: chDB is installed, or the ClickHouse server answers. */
import type { Check } from './check.ts'

const TIMEOUT_MS = 3_000

export default {
  name: 'store',
  async run({ settings }) {
    const { url } = settings.store
    if (url !== '') return answers(url)
    try {
      import.meta.resolve('chdb/connection')
      return { ok: true, saw: 'embedded; chdb is installed' }
    } catch {
      return {
        ok: false,
        saw: 'embedded, and chdb is not installed',
        mend: 'npm install chdb (Linux with glibc, or macOS), or give the URL of a ClickHouse server with --store',
      }
    }
  },
} satisfies Check

async function answers(url: string) {
  const mend = 'start the server, or mend store.url (CLICKHOUSE_URL)'
  try {
    const response = await fetch(new URL('/ping', url), { signal: AbortSignal.timeout(TIMEOUT_MS) })
    return { ok: response.ok, saw: `${url} answers ${response.status}`, mend }
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string } }
    return { ok: false, saw: `${url} does not answer: ${cause?.code ?? message}`, mend }
  }
}
