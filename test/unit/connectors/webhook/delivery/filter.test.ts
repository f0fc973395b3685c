/** Which alerts a target wants. */
import { expect, it } from 'vitest'
import { wantsAlert } from '../../../../../connectors/webhook/delivery/filter.ts'
import { targetConfig } from '../../../../../schemas/target-config.ts'
import { sampleAlert } from '../../../../fakes/alerts.ts'

const wants = (settings: object, alert: Parameters<typeof sampleAlert>[0] = {}) =>
  wantsAlert(targetConfig.parse({ type: 'console', ...settings }), sampleAlert(alert))

it('a target without a filter wants everything from its least severity on', () => {
  expect(wants({})).toBe(true)
  expect(wants({ minimumSeverity: 'high' }, { severity: 'medium' })).toBe(false)
  expect(wants({ minimumSeverity: 'high' }, { severity: 'high' })).toBe(true)
})
it.each([
  [{ rules: ['tok-001-audience-mismatch'] }, true],
  [{ rules: ['tok-001'] }, false],
  [{ rules: ['ses-*', 'tok-*'] }, true],
  [{ rules: ['ses-*'] }, false],
  [{ tenants: ['default'] }, true],
  [{ tenants: ['def*'] }, false],
  [{ servers: ['fi*'] }, true],
  [{ servers: ['file'] }, false],
  [{ except: ['tok-*'] }, false],
  [{ except: ['ses-*'], rules: ['*'] }, true],
  [{ rules: ['tok-*'], except: ['*'] }, false],
  [{ rules: ['tok-*'], servers: ['other'] }, false],
])('filter %j', (filter, wanted) => {
  expect(wants({ filter })).toBe(wanted)
})
