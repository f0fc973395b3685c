/** How a target file says what it is: `targets/<name>.ts` exports one factory by default, and nothing is registered anywhere else. */
import { AuditdError } from '../../schemas/errors.ts'
import type { AlertTarget } from '../../schemas/ports.ts'
import type { SecretReference } from '../../schemas/secret-reference.ts'
import type { TargetConfig } from '../../schemas/target-config.ts'
import type { KafkaDriver } from '../kafka/driver.ts'
import { urlDenied } from './address.ts'
import type { DeliverySettings } from './delivery/filter.ts'
import type { Send } from './send.ts'

export interface TargetSettings {
  /** The value that a reference names; `field` stands in the error when there is none. */
  readonly secret: (reference: SecretReference, field: string) => Promise<string>
  readonly allowPrivate: boolean
  /** A driver for these brokers, or for those of the configuration where there are none; absent where nothing is sent. */
  readonly kafka?: (brokers: readonly string[]) => {
    readonly brokers: readonly string[]
    readonly driver: () => KafkaDriver
  }
}
type ConfigOf<T extends TargetConfig['type']> = Extract<TargetConfig, { type: T }>
export interface TargetFactory<T extends TargetConfig['type'] = TargetConfig['type']> {
  /** The `type` of the configuration that this file answers to. */
  readonly type: T
  create(name: string, config: ConfigOf<T>, settings: TargetSettings): Promise<AlertTarget>
}
export const defineTarget = <const T extends TargetConfig['type']>(factory: TargetFactory<T>): TargetFactory<T> =>
  factory

/** A target that is configured, with what it wants, what is left out there, and how much it is told at once. */
export interface ConfiguredTarget extends DeliverySettings {
  readonly target: AlertTarget
}

/** All configured targets with the way to reach them. */
export interface OpenTargets {
  readonly configured: readonly ConfiguredTarget[]
  readonly send: Send
}

export const targetUrl = (name: string, text: string, allowPrivate: boolean, field = 'url'): string =>
  configuredUrl(`targets.${name}.${field}`, text, allowPrivate)

/** A URL as configured at `place`, refused here when it could never be sent to. The URL itself is never repeated in the error. */
export function configuredUrl(place: string, text: string, allowPrivate: boolean): string {
  const url = URL.parse(text)
  if (url === null) throw new AuditdError('config_invalid', 'config', place, 'is not a URL')
  const denied = urlDenied(url, allowPrivate)
  if (denied !== undefined) throw new AuditdError('config_invalid', 'config', place, denied)
  return url.href
}
