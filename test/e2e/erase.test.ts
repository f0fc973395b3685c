// Erasure of one subject as people ask for it: of an idle folder and a running service, killed halfway and done again; verify stays green.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSmall, type SmallStore, smallStore } from '../proof/small-store.ts'
import { run } from '../unit/cli/command-line.ts'

describe('erase', { timeout: 60_000 }, () => {
  let small: SmallStore
  let subjects: string[]
  const ask = async (sql: string): Promise<string> => {
    const store = await openSmall(small.dir)
    const answer = await store.query(sql, { format: 'TSV' })
    await store.close()
    return answer.trim()
  }
  const erase = (subject: string, env: NodeJS.ProcessEnv = {}, ...more: string[]) =>
    run(
      ['erase', '--data', small.dir, '--subject', subject, '--reason', 'a request', '--by', 'the officer', ...more],
      env,
    )
  const verify = async (): Promise<string> => {
    const { code, stdout, stderr } = await run(['verify', '--data', small.dir])
    expect(`${code} ${stdout}${stderr}`).toMatch(/^0 segments/)
    return stdout
  }
  beforeAll(async () => {
    small = await smallStore(300)
    const keys =
      "SELECT principal_key FROM events WHERE principal_key != '' GROUP BY 1 ORDER BY count() DESC, 1 LIMIT 2"
    subjects = (await ask(keys)).split('\n')
  }, 60_000)
  afterAll(() => small.close())

  it('takes the beginning of a key for nobody: nothing of the one it belongs to goes', async () => {
    const beginning = subjects[0]!.slice(0, 16)
    const mentions = `SELECT (SELECT count() FROM finding_rows), (SELECT count() FROM events WHERE principal_key = '${subjects[0]}')`
    const before = await ask(mentions)
    expect((await erase(beginning, {}, '--yes')).stdout).toContain('erased 0 events')
    expect(await ask(mentions)).toBe(before)
  })

  it('counts first, survives a kill between tombstones and deletion, and says so in an event without the key', async () => {
    const [subject] = subjects as [string]
    const names = `principal_key = '${subject}' OR position(fields, '${subject}') > 0`
    const before = Number(await ask(`SELECT count() FROM events WHERE ${names}`))
    expect((await erase(subject)).stdout).toContain(`would erase ${before} events`)
    const killed = await erase(subject, { MCP_AUDITD_FAILPOINT: 'after-tombstone-before-delete' }, '--yes')
    expect(killed.code).toBeNull()
    expect(await verify()).toContain(`tombstone and still there ${before}`)
    const done = await erase(subject, {}, '--yes')
    expect(done.stdout).toContain(`erased ${before} events`)
    expect(done.code).toBe(0)
    expect(await verify()).toContain('tombstone and still there 0')
    expect(await ask(`SELECT count() FROM events WHERE ${names}`)).toBe('0')
    expect(
      await ask(
        `SELECT count() FROM finding_rows WHERE principal_key = '${subject}' OR position(entity, '${subject}') > 0`,
      ),
    ).toBe('0')
    expect(await ask("SELECT fields FROM events WHERE event_type = 'audit.access'")).toMatch(
      /^\{"operation":"delete","actor":"the officer","subject":"erased subject sha256:[0-9a-f]{32}"/,
    )
    expect((await erase(subject, {}, '--yes')).stdout).toContain('erased 0 events')
    await verify()
  })

  it('refuses what is no key', async () => {
    const { code, stderr } = await erase("x' OR 1 = 1 --zzzzzzzzzzzz", {}, '--yes')
    expect(code).not.toBe(0)
    expect(stderr).toContain('must be a principal key')
  })
})
