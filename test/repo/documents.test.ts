// Laws about the root documents: what they name exists, and what exists is named.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import {
  decisions,
  localLinks,
  npmScripts,
  quotations,
  section,
  tableCommands,
  tableFlags,
  treeFolders,
} from './documents.ts'
import { ROOT, readTracked, trackedFiles } from './sources.ts'

const DOCUMENTS = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'DECISIONS.md', 'WORDS.md']
const tracked = new Set(trackedFiles())
const readme = readTracked('README.md')
const scripts = Object.keys((JSON.parse(readTracked('package.json')) as { scripts: object }).scripts)
const commandFiles = [...tracked].filter((path) => /^cli\/commands\/[a-z-]+\.ts$/.test(path))

describe('documents', () => {
  it.each(DOCUMENTS)('%s links only to files that exist', (path) => {
    expect(localLinks(readTracked(path)).filter((link) => !tracked.has(link))).toEqual([])
    expect(localLinks('[a](deploy/none.yaml) [b](https://x.example) [c](README.md#words)')).toEqual([
      'deploy/none.yaml',
      'README.md',
    ])
  })
  it.each(DOCUMENTS)('%s names only npm scripts that exist', (path) => {
    expect(npmScripts(readTracked(path)).filter((name) => !scripts.includes(name))).toEqual([])
    const text = 'npm ci && npm run kafka:up; npm run --silent mcp-auditd -- x; npm run is-not-one'
    expect(npmScripts(text)).toEqual(['kafka:up', 'mcp-auditd', 'is-not-one'])
  })
  it.each(DOCUMENTS)('%s quotes files as they are', (path) => {
    const wrong = quotations(readTracked(path)).flatMap((quoted) => {
      const own = new Set(
        readTracked(quoted.path)
          .split('\n')
          .map((line) => line.trim()),
      )
      return quoted.lines.filter((line) => !own.has(line)).map((line) => `${quoted.path}: ${line}`)
    })
    expect(wrong).toEqual([])
    expect(quotations('```ts cli/a.ts\nconst a = 1\n  …\n```\n')).toEqual([
      { path: 'cli/a.ts', lines: ['const a = 1'] },
    ])
  })
})

describe('README', () => {
  it('is short', () => {
    expect(readme.split('\n').length).toBeLessThanOrEqual(225)
  })
  it('gives the two commands that do their own set-up', () => {
    expect(section(readme, 'Start')).toContain('\nnpm ci && npm run demo\nnpm ci && npm test\n')
  })
  it('shows the folders there are', () => {
    const there = new Set([...tracked].filter((path) => /^[a-z]+\//.test(path)).map((path) => path.split('/')[0]!))
    expect(treeFolders(readme).sort()).toEqual([...there].sort())
  })
  it('lists the commands there are', () => {
    expect(tableCommands(readme).sort()).toEqual(
      commandFiles.map((path) => path.split('/')[2]!.replace('.ts', '')).sort(),
    )
  })
  it.each(commandFiles)('names flags that %s has', async (path) => {
    const name = path.split('/')[2]!.replace('.ts', '')
    const command = new Command(name)
    const { default: configure } = (await import(/* @vite-ignore */ pathToFileURL(join(ROOT, path)).href)) as {
      default: (command: Command) => void
    }
    configure(command)
    const flags = command.options.map(({ long }) => long)
    expect((tableFlags(readme).get(name) ?? []).filter((flag) => !flags.includes(flag))).toEqual([])
  })
  it('names the exit codes of the issue and of cli/main.ts', () => {
    expect(readme).toContain(
      'Exit codes: 0 done; 1 the check failed (`demo --once`, `doctor`, `faults`); 2 usage, or SQL that is refused; 78 configuration.',
    )
    expect(readTracked('cli/main.ts')).toContain('{ failed: 1, usage: 2, configuration: 78 }')
  })
})

describe('DECISIONS', () => {
  it('are numbered from 1 and say context, choice and consequence in about ten lines', () => {
    const entries = decisions(readTracked('DECISIONS.md'))
    expect(entries.map(({ number }) => number)).toEqual(entries.map((_, at) => at + 1))
    const odd = entries.filter(
      ({ lines, text }) => lines > 14 || !/^Context:[\s\S]*^Choice:[\s\S]*^Consequence:/m.test(text),
    )
    expect(odd.map(({ number }) => number)).toEqual([])
  })
})
