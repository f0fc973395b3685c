/** Attacks at the edge: on the transport, and on the authorization server that a server hosts. */
import type { Session } from '../copy.ts'
import { type AttackKind, has, isProtected, type Story } from './story.ts'

const isServed = ({ processed, verb }: Readonly<Record<string, unknown>>): boolean =>
  processed === true && verb === 'POST'
const overHttp = (kind: Parameters<typeof isProtected>[0]): boolean =>
  isProtected(kind) &&
  kind.sessions.every(({ events }) =>
    events.some(({ fields }) => fields['eventType'] === 'http.request' && isServed(fields)),
  )
const isOAuth = has('oauth.authorize')
/** Events of a client of the authorization server. */
function ofClient(story: Story, session: Session, type: string, nth = 0) {
  const events = story.all(session, type, ({ decision }) => decision !== 'deny')
  return events[nth % events.length]!
}

export const EDGES: readonly AttackKind[] = [
  {
    name: 'a page of elsewhere is served',
    fits: ['trn-001'],
    on: overHttp,
    tell(story) {
      const session = story.session(['http.request'])
      const request = story.first(session, 'http.request', isServed)
      const origin = ['https://free-games.example', 'null', 'http://192.0.2.7:8000'][story.variant % 3]
      story.change(request, { origin })
    },
  },
  {
    name: 'headers name one tool, the body another',
    fits: ['trn-002'],
    on: (kind) => overHttp(kind) && has('tool.call')(kind),
    tell(story) {
      const session = story.session(['http.request', 'tool.call'])
      const call = story.first(session, 'tool.call', ({ decision }) => decision === 'allow')
      const request = story.after(call, 'http.request', { processed: true, status: 200, refusal: undefined })
      const headerMismatches = story.variant % 2 === 0 ? ['mcp-name'] : ['mcp-method', 'mcp-name']
      story.change(request, { headerCheck: 'mismatch', headerMismatches, outcome: 'ok', decision: 'allow' })
    },
  },
  {
    name: 'a server opened to the network',
    fits: ['trn-006'],
    on: overHttp,
    tell(story) {
      const session = story.session(['http.request'])
      const request = story.first(session, 'http.request', isServed)
      const bindAddress = story.variant % 2 === 0 ? '0.0.0.0:8000' : '[::]:3000'
      const open = {
        bindAddress,
        authRequired: false,
        tls: false,
        authSchemes: [],
        principalKey: '',
        clientKey: '',
        sessionFp: '',
        sourceAddressFp: '',
        addressClass: '' as never,
      }
      for (const name of ['addressClass', 'decision'] as const) delete (open as Record<string, unknown>)[name]
      const started = story.after(request, 'server.started', open, 500)
      delete started.fields['addressClass']
      delete started.lane
      Object.assign(started.fields, { producerId: story.hex(), requestUid: '' })
    },
  },
  {
    name: 'a token over plain HTTP',
    fits: ['trn-003'],
    on: overHttp,
    tell(story) {
      const session = story.session(['http.request'])
      const request = story.first(session, 'http.request', isServed)
      story.change(request, {
        tlsVersion: 'none',
        addressClass: 'public',
        credentialLocation: 'header',
        bindAddress: '0.0.0.0:8000',
      })
    },
  },
  {
    name: 'past the consent of the user',
    fits: ['oau-001'],
    on: isOAuth,
    tell(story) {
      const session = story.session(['oauth.consent', 'oauth.token'])
      const consent = ofClient(story, session, 'oauth.consent')
      const { clientKey } = consent.fields
      if (story.variant % 2 === 0) {
        story.remove(consent)
        for (const type of ['oauth.upstream_redirect', 'oauth.token'])
          for (const event of story.all(session, type, (fields) => fields['clientKey'] === clientKey))
            story.change(event, type === 'oauth.token' ? {} : { consentState: 'skipped' })
      } else story.change(consent, { cookieBound: false, beforeConsent: true })
    },
  },
  {
    name: 'a redirect to where nobody registered',
    fits: ['oau-002'],
    on: isOAuth,
    tell(story) {
      const session = story.session(['oauth.authorize'])
      const redirectMatch = story.variant % 2 === 0 ? 'mismatch' : 'unregistered'
      story.change(ofClient(story, session, 'oauth.authorize'), {
        redirectMatch,
        redirectHost: 'app-corp.example',
        redirectHash: story.hex(),
      })
    },
  },
  {
    name: 'a code without PKCE',
    fits: ['oau-003'],
    on: isOAuth,
    tell(story) {
      const session = story.session(['oauth.authorize'])
      const pkce =
        story.variant % 2 === 0
          ? { pkcePresent: false, pkceMethod: 'none' }
          : { pkcePresent: true, pkceMethod: 'plain' }
      story.change(ofClient(story, session, 'oauth.authorize', 1), pkce)
    },
  },
  {
    name: 'an answer nobody asked for',
    fits: ['oau-004'],
    on: isOAuth,
    tell(story) {
      const session = story.session(['oauth.callback'])
      const callback = ofClient(story, session, 'oauth.callback')
      story.change(
        callback,
        story.variant % 2 === 0 ? { stateOk: false, stateFp: story.hex() } : { issuerOk: 'mismatch' },
      )
    },
  },
  {
    name: 'a code redeemed twice',
    fits: ['oau-005'],
    on: isOAuth,
    tell(story) {
      const session = story.session(['oauth.token'])
      const token = story.first(
        session,
        'oauth.token',
        ({ grantType, decision }) => grantType === 'authorization_code' && decision === 'allow',
      )
      story.again(
        token,
        { issuedFp: story.hex(), issuedRefreshFp: story.hex(), sourceAddressFp: story.hex() },
        story.variant % 2 === 0 ? 900 : 40_000,
      )
    },
  },
  {
    name: 'an old refresh token used again',
    fits: ['oau-009', 'oau-005'],
    on: isOAuth,
    tell(story) {
      const session = story.session(['oauth.token'])
      const token = story.first(
        session,
        'oauth.token',
        ({ grantType, decision }) => grantType === 'refresh_token' && decision === 'allow',
      )
      story.again(
        token,
        { issuedFp: story.hex(), issuedRefreshFp: story.hex(), sourceAddressFp: story.hex() },
        story.variant % 2 === 0 ? 120_000 : 1_800_000,
      )
    },
  },
  {
    name: 'a client that looks like another',
    fits: ['oau-006'],
    on: isOAuth,
    tell(story) {
      const session = story.session(['oauth.client_registered'])
      const registered = ofClient(story, session, 'oauth.client_registered')
      const id = story.hex()
      const redirectHosts = [['desk-login.example'], ['app-corp.example']][story.variant % 2]!
      story.again(registered, { clientKey: id, oauthClientId: id, redirectHosts, redirectSetHash: story.hex() }, 60_000)
    },
  },
]
