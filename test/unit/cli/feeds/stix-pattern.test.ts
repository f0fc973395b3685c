/** STIX patterns: single observables joined by OR, and nothing that says more. */
import { describe, expect, it } from 'vitest'
import { observablesOf } from '../../../../cli/feeds/stix-pattern.ts'

const SHA = 'A'.repeat(64)
describe('observablesOf', () => {
  it.each([
    ["[domain-name:value = 'Evil.Example.']", ['domain evil.example']],
    ["[ipv4-addr:value = '198.51.100.7/32'] OR [ipv6-addr:value='2001:DB8::1']", ['ip 198.51.100.7', 'ip 2001:db8::1']],
    ["[url:value = 'HTTPS://Evil.example/a?b']", ['url https://evil.example/a?b']],
    [
      `[file:hashes.'SHA-256' = '${SHA}' OR file:hashes.MD5 = '${'b'.repeat(32)}']`,
      [`hash ${SHA.toLowerCase()}`, `hash ${'b'.repeat(32)}`],
    ],
    ["[domain-name:value IN ('a.example', 'b.example')]", ['domain a.example', 'domain b.example']],
    ["[ url:value = 'https://x.example/it\\'s' ]", ["url https://x.example/it's"]],
  ])('reads %s', (pattern, expected) => {
    expect(observablesOf(pattern)!.map(({ kind, value }) => `${kind} ${value}`)).toEqual(expected)
  })
  it.each([
    '',
    '[',
    "[domain-name:value = 'a.example'",
    "[domain-name:value = 'a.example' AND ipv4-addr:value = '1.2.3.4']",
    "[domain-name:value = 'a.example'] AND [domain-name:value = 'b.example']",
    "[domain-name:value = 'a.example'] FOLLOWEDBY [domain-name:value = 'b.example']",
    "[domain-name:value = 'a.example'] WITHIN 5 SECONDS",
    "[domain-name:value LIKE '%.example']",
    "[domain-name:value NOT = 'a.example']",
    "[ipv4-addr:value = '10.0.0.0/8']",
    "[ipv4-addr:value ISSUBSET '10.0.0.0/8']",
    "[process:name = 'x']",
    "[file:hashes.MD5 = 'short']",
    "[url:value = 'no url']",
    '[domain-name:value IN ()]',
    "[domain-name:value = 'a b']",
    `[${"domain-name:value = 'a.example' OR ".repeat(5_000)}`,
    "[domain-name:value = '".concat('\\'.repeat(50_001)),
  ])('leaves %.60s to others', (pattern) => {
    expect(observablesOf(pattern)).toBeUndefined()
  })
})
