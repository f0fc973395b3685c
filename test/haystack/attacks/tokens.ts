/** Attacks on tokens: what a server must refuse, and lets in. */
import type { Event, Session } from '../copy.ts'
import { type AttackKind, has, isProtected, type Story, UnfitSession } from './story.ts'

const TOKEN = 'auth.token.validated'
const CALL = 'tool.call'
const allowed = (fields: Readonly<Record<string, unknown>>): boolean => fields['decision'] === 'allow'
const seconds = ({ ms }: Event): number => Math.floor(ms / 1_000)
/** A session with tokens, and one of them. */
function withToken(story: Story): { session: Session; token: Event } {
  const session = story.session([TOKEN, CALL])
  const tokens = story.all(session, TOKEN, allowed)
  if (tokens.length === 0) throw new UnfitSession('no token is let in')
  return { session, token: tokens[story.variant % tokens.length]! }
}

export const TOKENS: readonly AttackKind[] = [
  {
    name: 'token for another service accepted',
    fits: ['tok-001', 'tok-002'],
    on: isProtected,
    tell(story) {
      const { token } = withToken(story)
      const aud = [['https://mail.corp.example'], ['api://0c1d', 'https://graph.example'], ['https://crm.example/mcp']]
      story.change(token, { aud: aud[story.variant % 3]!, resource: [] })
    },
  },
  {
    name: 'expired token accepted',
    fits: ['tok-006'],
    on: isProtected,
    tell(story) {
      const { token } = withToken(story)
      story.change(token, { expAt: seconds(token) - [86_400, 600, 3_700][story.variant % 3]! })
    },
  },
  {
    name: 'unsigned token accepted',
    fits: ['tok-005', 'tok-004'],
    on: isProtected,
    tell(story) {
      const { token } = withToken(story)
      story.change(token, story.variant % 2 === 0 ? { joseAlg: 'none' } : { joseAlg: 'None', signatureOk: false })
    },
  },
  {
    name: 'one token here, there and here again',
    fits: ['tok-008', 'ses-008'],
    on: isProtected,
    tell(story) {
      const { session, token } = withToken(story)
      if (!token.fields['sourceAddressFp']) throw new UnfitSession('nobody saw the address')
      const thief = story.sender(story.stranger(session))
      const places = { sourceAddressFp: thief['sourceAddressFp'], addressClass: 'public', userAgentFamily: 'curl' }
      const waitMs = story.variant % 2 === 0 ? 3_000 : 150_000
      const first = story.again(token, places, waitMs)
      story.again(token, {}, 2 * waitMs)
      story.again(first, places, 3 * waitMs)
    },
  },
  {
    name: 'token of the caller passed on',
    fits: ['tok-003'],
    on: isProtected,
    tell(story) {
      const { session } = withToken(story)
      const host = ['api.partner.example', 'graph.other.example', 'hooks.chat.example'][story.variant % 3]!
      story.after(story.first(session, CALL), 'outbound.request', {
        destinationHost: host,
        ipClass: 'public',
        pathClass: 'api',
        verb: 'POST',
        argumentMatch: false,
        credentialRelation: 'same_token',
        sentAud: [],
        redirectHosts: [],
        redirects: 0,
        status: 200,
      })
    },
  },
  {
    name: 'secret in a result',
    fits: ['tok-015'],
    on: has('tool.result'),
    tell(story) {
      const result = story.first(story.session(['tool.result']), 'tool.result')
      const findingClass = ['secret.aws_access_key', 'secret.github_token', 'secret.private_key'][story.variant % 3]
      story.after(result, 'content.finding', {
        surface: 'result',
        findingClass,
        verdict: 'malicious',
        score: 0.95,
        validated: true,
        contentPath: 'content[0].text',
        parameterRole: 'unknown',
        detector: 'secret',
        decodings: [],
        domains: [],
      })
    },
  },
  {
    name: 'closed account still works',
    fits: ['tok-013'],
    on: isProtected,
    tell(story) {
      const session = story.session([TOKEN, CALL])
      const victim = story.victim(session)
      const revokedMs = story.startMs - (story.variant % 2 === 0 ? 3_600_000 : 5_400_000)
      victim.endsMs = revokedMs
      story.others.push(victim.key)
      const feed = story.variant % 2 === 0 ? 'caep' : 'admin'
      const fact = { subjectKind: 'principal', subjectKey: victim.key, revokedAt: Math.floor(revokedMs / 1_000), feed }
      // The attack is what is done after it.
      story.marked.delete(story.ingested(revokedMs, 'identity.revoked', fact, '*'))
      for (const event of session.events) if (event.fields['principalKey'] === victim.key) story.marked.add(event)
    },
  },
  {
    name: 'token in the URL',
    fits: ['tok-010'],
    on: (kind) => isProtected(kind) && has('http.request')(kind),
    tell(story) {
      const session = story.session(['http.request', TOKEN])
      const request = story.first(session, 'http.request', ({ processed }) => processed === true)
      const credentialParameter = ['access_token', 'api_key', 'token'][story.variant % 3]
      story.change(request, { credentialLocation: 'query', credentialParameter })
    },
  },
  {
    name: 'tokens tried until one is let in',
    fits: ['tok-012', 'tok-005'],
    on: isProtected,
    tell(story) {
      const { session, token } = withToken(story)
      const thief = story.sender(story.stranger(session))
      const from = {
        sourceAddressFp: thief['sourceAddressFp'],
        addressClass: 'public',
        userAgentFamily: 'python-requests',
      }
      for (let n = 0; n < 30; n++)
        story.again(
          token,
          { ...from, tokenFp: story.hex(), decision: 'deny', principalKey: '', reason: 'signature' },
          500 + n * (story.variant % 2 === 0 ? 400 : 6_000),
        )
    },
  },
  {
    name: 'carried out without a token',
    fits: ['tok-011', 'ses-003'],
    on: (kind) => isProtected(kind) && has('tool.result')(kind),
    tell(story) {
      const session = story.session([TOKEN, 'tool.result'])
      const result = story.first(
        session,
        'tool.result',
        ({ outcome, decision }) => outcome === 'ok' && decision === 'allow',
      )
      const { requestUid } = result.fields
      story.remove(
        ...session.events.filter(
          ({ fields }) => fields['requestUid'] === requestUid && /^auth/.test(fields['eventType'] as string),
        ),
      )
      for (const event of session.events)
        if (event.fields['requestUid'] === requestUid)
          story.change(event, { principalKey: '', clientKey: '', principalKind: 'anonymous' })
    },
  },
  {
    name: 'bound token without its key',
    fits: ['tok-009'],
    on: isProtected,
    tell(story) {
      const { token } = withToken(story)
      const binding =
        story.variant % 2 === 0
          ? { cnfKind: 'jkt', scheme: 'bearer' }
          : { cnfKind: 'x5t', scheme: 'bearer', boundKeyMatch: false }
      story.change(token, { ...binding, cnfFp: story.hex() })
    },
  },
  {
    name: 'another authorization server in the metadata',
    fits: ['tok-017'],
    on: isProtected,
    tell(story) {
      const { token } = withToken(story)
      const metadata = {
        metadataKind: 'protected_resource',
        metadataHash: story.hex() + story.hex(),
        resource: token.fields['aud'] as string[],
        authorizationServers: [token.fields['iss'] as string],
        scopesSupported: token.fields['scopes'] as string[],
        bearerMethods: ['header'],
        jwksUriHost: new URL(token.fields['iss'] as string).hostname,
        principalKey: '',
        clientKey: '',
      }
      story.marked.delete(story.after(token, 'auth.metadata.published', metadata, -3_600_000))
      const evil =
        story.variant % 2 === 0 ? { authorizationServers: ['https://1ogin.example'] } : { jwksUriHost: 'keys.example' }
      story.after(token, 'auth.metadata.published', {
        ...metadata,
        ...evil,
        metadataHash: story.hex() + story.hex(),
        changed: true,
      })
    },
  },
]
