/** Targets from configuration: every other file of this folder is a factory, found by its `type`; a target is one file. */
import { readdir } from 'node:fs/promises'
import { basename } from 'node:path'
import { AuditdError } from '../../../schemas/errors.ts'
import type { TargetConfig } from '../../../schemas/target-config.ts'
import type { ConfiguredTarget, TargetFactory, TargetSettings } from '../target-factory.ts'

/** All configured targets, in the order of the configuration. Throws AuditdError('config_invalid') naming the field, never the value. */
export async function loadTargets(
  targets: Readonly<Record<string, TargetConfig>>,
  settings: TargetSettings,
): Promise<readonly ConfiguredTarget[]> {
  const factories = await targetFactories()
  return Promise.all(
    Object.entries(targets).map(async ([name, config]) => {
      const factory = factories.get(config.type)
      if (factory === undefined) {
        throw new AuditdError(
          'config_invalid',
          'config',
          `targets.${name}.type`,
          `no target file answers to ${config.type}`,
        )
      }
      const { minimumSeverity, filter, redact, flood } = config
      return { target: await factory.create(name, config, settings), minimumSeverity, filter, redact, flood }
    }),
  )
}

/** The factories of this folder by type. Two files with one type are a mistake in the build and refused. */
export async function targetFactories(): Promise<ReadonlyMap<string, TargetFactory>> {
  const factories = new Map<string, TargetFactory>()
  const names = (await readdir(import.meta.dirname)).filter(
    (name) => /\.(ts|js)$/.test(name) && !name.endsWith('.d.ts') && name !== basename(import.meta.filename),
  )
  for (const name of names.sort()) {
    const loaded = (await import(new URL(name, import.meta.url).href)) as { default?: TargetFactory }
    const factory = loaded.default
    if (factory === undefined) throw new AuditdError('config_invalid', 'targets', name, 'exports no target by default')
    if (factories.has(factory.type))
      throw new AuditdError('config_invalid', 'targets', name, `${factory.type} exists already`)
    factories.set(factory.type, factory)
  }
  return factories
}
