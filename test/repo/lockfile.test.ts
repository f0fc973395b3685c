/** The lockfile installs everywhere: a registry that lacks a platform's binaries leaves them out, and `npm ci` then refuses the lockfile. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

interface Package {
  readonly optionalDependencies?: Readonly<Record<string, string>>
}
type Packages = Readonly<Record<string, Package>>

/** Optional dependencies that are named by a package and have no entry. */
const missing = (packages: Packages): string[] =>
  Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages),
    ),
  )

it('has an entry for every optional dependency', () => {
  const { packages } = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
    packages: Packages
  }
  expect(Object.keys(packages).length).toBeGreaterThan(100)
  expect(missing(packages)).toEqual([])
})

it('would notice one that is missing', () => {
  expect(missing({ 'node_modules/a': { optionalDependencies: { b: '1' } } })).toEqual(['b'])
  expect(missing({ 'node_modules/a': { optionalDependencies: { b: '1' } }, 'node_modules/b': {} })).toEqual([])
})
