// Every test there is, by tier. A Kafka test skips itself, counted, unless KAFKA_BROKERS is set (`npm run test:kafka` sets it).
import { defineConfig } from 'vitest/config'

/** Folders of test/; `npx vitest run --project rules` runs one of them. */
const TIERS = ['unit', 'contract', 'rules', 'repo', 'scenarios', 'e2e', 'kafka', 'faults', 'bench']
/** Tests with processes, sockets or a broker wait for others: one that fails runs once more, and the report says so (DECISIONS 26). */
const RACING = new Set(['contract', 'scenarios', 'e2e', 'kafka', 'faults'])
/** .ci/run asks for a machine-readable report here; people get the usual one. */
const report = process.env['TEST_REPORT']

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    globalSetup: ['test/node-version.mjs'],
    testTimeout: 30_000,
    hookTimeout: 90_000,
    teardownTimeout: 10_000,
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    projects: TIERS.map((name) => ({
      extends: true as const,
      test: {
        name,
        include: [`test/${name}/**/*.test.ts`, `test/${name}.test.ts`],
        retry: RACING.has(name) ? 1 : 0,
      },
    })),
  },
})
