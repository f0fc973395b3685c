// What a tool is in a flow of data, from its name, its definition, what it does, and its tags.
import { describe, expect, it } from 'vitest'
import {
  CLASS,
  classesByDefinition,
  classesByName,
  classesByOutbound,
  classesBySideEffect,
  classNames,
  isOf,
  taggedClasses,
} from '../../../../detectors/flows/tool-class.ts'

const named = (name: string) => classNames(classesByName(name)).join(' ')

describe('by name', () => {
  it.each([
    ['fetch', 'untrusted_source'],
    ['fetch_url', 'untrusted_source'],
    ['browser_navigate', 'untrusted_source'],
    ['web-search', 'untrusted_source'],
    ['http_request', 'untrusted_source'],
    ['browser_click', 'untrusted_source'],
    ['list_issues', 'untrusted_source'],
    ['get_pull_request_reviews', 'untrusted_source'],
    ['read_mail', 'untrusted_source private_data'],
    ['searchInbox', 'untrusted_source private_data'],
    ['read_file', 'private_data'],
    ['readMultipleFiles', 'private_data'],
    ['query_database', 'private_data'],
    ['get_calendar_events', 'private_data'],
    ['http_post', 'egress'],
    ['send_email', 'egress'],
    ['slack_post_message', 'egress'],
    ['create_issue_comment', 'egress'],
    ['reply', 'egress'],
    ['delete_file', 'destructive'],
    ['dropTable', 'destructive'],
    ['execute_command', 'destructive'],
    ['bash', 'destructive'],
    ['transfer_funds', 'destructive'],
  ])('%s is %s', (name, classes) => expect(named(name)).toBe(classes))

  it.each([
    'add',
    'replace_email_domain',
    'get_workflow_run_usage',
    'request_copilot_review',
    'echo',
    'get_weather',
    'convert_time',
    'sequentialthinking',
    'write_file',
    'list_directory_sizes_x',
    'git_status',
    'create_entities',
    '',
    '___',
    '日本語',
  ])('%s says nothing, or nothing that leads data anywhere', (name) =>
    expect(isOf(classesByName(name), 'untrusted_source', 'egress', 'destructive')).toBe(false),
  )

  it('a name of any length is read in bounds', () => expect(named(`${'x_'.repeat(100_000)}delete`)).toBe(''))
})

describe('by definition', () => {
  const defined = (name: string, fields: string[], annotations: string[] = []) =>
    classNames(classesByDefinition(name, fields, annotations)).join(' ')
  it('a recipient makes it carry out, unless it changes nothing', () => {
    expect(defined('ping', ['!to', 'text'])).toBe('egress')
    expect(defined('ping', ['Recipients'])).toBe('egress')
    expect(defined('ping', ['!to'], ['readOnlyHint=true'])).toBe('')
    expect(defined('get_blame', ['to'])).toBe('')
    expect(defined('blame', ['!from', '!to'])).toBe('')
    expect(defined('mailto', ['!from', '!cc'])).toBe('egress')
  })
  it('a read-only tool that takes an address brings in what stands there', () => {
    expect(defined('summarize', ['!url'], ['readOnlyHint=true'])).toBe('untrusted_source')
    expect(defined('summarize', ['!url'])).toBe('')
  })
  it('annotations say that it destroys, and that it does not', () => {
    expect(defined('tidy', [], ['destructiveHint=true'])).toBe('destructive')
    expect(defined('tidy', [], ['destructiveHint=true', 'readOnlyHint=true'])).toBe('')
    expect(defined('delete_view', [], ['readOnlyHint=true'])).toBe('')
  })
  it('of ten thousand parameters the first are read', () =>
    expect(defined('ping', [...Array.from({ length: 64 }, () => 'a'), 'to'])).toBe(''))
})

describe('by what it does', () => {
  const asked = { verb: 'GET', argumentMatch: true }
  it('a request to a public host that the caller named', () => {
    expect(classesByOutbound(asked)).toBe(CLASS.untrusted_source)
    expect(classesByOutbound({ ...asked, verb: 'POST' })).toBe(CLASS.egress)
    expect(classesByOutbound({ ...asked, verb: 'PATCH' })).toBe(CLASS.egress)
    expect(classesByOutbound({ ...asked, argumentMatch: false })).toBe(0)
  })
  it('files that go, and programs that the caller wrote', () => {
    expect(classesBySideEffect('file_delete', false)).toBe(CLASS.destructive)
    expect(classesBySideEffect('exec', true)).toBe(CLASS.destructive)
    expect(classesBySideEffect('exec', false)).toBe(0)
    expect(classesBySideEffect('file_write', true)).toBe(0)
  })
})

it('tags decide, also that a tool is none of it; other tags say nothing', () => {
  expect(taggedClasses(['egress', 'private_data'])).toBe(CLASS.egress | CLASS.private_data)
  expect(taggedClasses(['no_flow'])).toBe(0)
  expect(taggedClasses(['no_flow', 'egress'])).toBe(CLASS.egress)
  expect(taggedClasses(['bulk', 'constructor'])).toBeUndefined()
  expect(taggedClasses([])).toBeUndefined()
})
