// Sums the steps of .ci/run: `node count.mjs NAME:EXIT:REPORT …`, REPORT a vitest JSON report that need not exist. Runs on Node 20.
import { existsSync, readFileSync } from 'node:fs'
import { argv, exit } from 'node:process'

/** Worst of a test's results over the steps: a test skipped without a broker and passed with one has passed. */
const RANK = { skipped: 0, passed: 1, failed: 2 }
const tests = new Map()
let brokenSteps = 0

const record = (key, status) => {
  const before = tests.get(key)
  if (before === undefined || RANK[status] > RANK[before]) tests.set(key, status)
}
/** A suite that is skipped says why in its title, and has another title in the run where it is not. */
const titleOf = (fullName) => fullName.replace(/ \(skipped: [^)]*\)/g, '')
const statusOf = (status) => (status === 'passed' || status === 'failed' ? status : 'skipped')

for (const step of argv.slice(2)) {
  const [name, code, ...path] = step.split(':')
  const report = path.join(':')
  const read = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : { testResults: [] }
  let failed = 0
  for (const file of read.testResults) {
    const seen = new Map()
    for (const { fullName, status } of file.assertionResults) {
      const title = titleOf(fullName)
      // Two tests of one name are two tests.
      const repeat = (seen.get(title) ?? 0) + 1
      seen.set(title, repeat)
      record(`${file.name}\n${title}\n${repeat}`, statusOf(status))
      if (status === 'failed') failed++
    }
    // A file that cannot be loaded, or whose set-up failed, has no failed test of its own.
    const loaded = file.status !== 'failed' || file.assertionResults.some(({ status }) => status === 'failed')
    if (loaded) continue
    record(`${file.name}\n(file)`, 'failed')
    failed++
  }
  if (code !== '0' && failed === 0) {
    brokenSteps++
    console.log(`${name}: ended with ${code} without a failed test`)
  }
}

const count = (status) => [...tests.values()].filter((each) => each === status).length
const failed = count('failed') + brokenSteps
if (count('passed') === 0) console.log('No test has passed.')
console.log(`${count('passed')} passed, ${failed} failed, ${count('skipped')} skipped`)
exit(failed > 0 || count('passed') === 0 ? 1 : 0)
