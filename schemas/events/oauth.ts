/** Events of an authorization server or proxy that the MCP server itself hosts. Codes, secrets and redirect URLs are keyed hashes. */
import type { z } from 'zod'
import { count, flag, id, measure, name, names, oneOf } from '../field.ts'

const redirect = {
  redirectHash: id('server', 'Keyed hash of redirect_uri.'),
  redirectHost: name('server', 'Host of redirect_uri.'),
  redirectMatch: oneOf(
    'server',
    ['exact', 'loopback_port', 'mismatch', 'unregistered', 'unknown'],
    'How it compares with what the client registered.',
  ),
}
const pkce = {
  pkcePresent: flag('server', 'A code challenge or verifier was sent.'),
  pkceMethod: oneOf('server', ['S256', 'plain', 'none'], 'Code challenge method.'),
}
const state = {
  stateFp: id('server', 'Keyed hash of state.'),
  statePresent: flag('server', 'A state was sent.'),
}
const registration = {
  oauthClientId: name('server', 'Client id, or its URL; a keyed hash where ids are secret.'),
  redirectHosts: names('server', 'Hosts of the redirect URIs.'),
  redirectSchemes: names('server', 'Schemes of the redirect URIs.'),
  redirectSetHash: id('server', 'Keyed hash of the sorted redirect URIs.'),
  applicationType: name('client', 'native or web, as the client says.'),
  clientNameKey: name('client', 'Name without case, separators and confusable characters.'),
  scopes: names('client', 'Scopes it asks for.'),
}

export const oauth = {
  'oauth.client_registered': {
    ...registration,
    registrationKind: oneOf('server', ['dcr', 'prereg'], 'Dynamic, or by an administrator.'),
    wildcardRedirect: flag('server', 'A redirect URI has a wildcard.'),
    tokenAuthMethod: name('client', 'token_endpoint_auth_method.'),
  },
  'oauth.cimd_fetched': {
    ...registration,
    documentHost: name('server', 'Host of the client id URL.'),
    documentHash: id('server', 'SHA-256 of the document.'),
    documentIpClass: oneOf(
      'server',
      ['loopback', 'private', 'link_local', 'public', 'unknown'],
      'Class of the address it was fetched from.',
    ),
    status: count('server', 'HTTP status', 'Status of the answer.'),
    clientIdMatch: flag('server', 'client_id in the document is its URL.'),
    localhostOnly: flag('server', 'All redirect URIs are loopback.'),
  },
  'oauth.authorize': {
    ...redirect,
    ...pkce,
    ...state,
    oauthClientId: name('client', 'Client id, as sent.'),
    scopes: names('client', 'Scopes asked for.'),
    resource: names('client', 'Resource indicators asked for.'),
    consentState: oneOf(
      'server',
      ['granted', 'required', 'skipped', 'none', 'unknown'],
      'State of consent at that moment.',
    ),
    reason: name('server', 'Why it was refused.'),
  },
  'oauth.consent': {
    oauthClientId: name('server', 'Client id.'),
    granted: flag('server', 'The person agreed.'),
    scopes: names('server', 'Scopes agreed to.'),
    cookieBound: flag('server', 'The consent cookie is bound to the client id.'),
    beforeConsent: flag('server', 'State or cookie was set before the person agreed.'),
  },
  'oauth.upstream_redirect': {
    oauthClientId: name('server', 'Client id of the MCP client.'),
    upstreamHost: name('server', 'Host of the upstream authorization server.'),
    upstreamClientId: name('server', 'Our own client id there.'),
    ...state,
    consentState: oneOf(
      'server',
      ['granted', 'required', 'skipped', 'none', 'unknown'],
      'State of consent at that moment.',
    ),
  },
  'oauth.callback': {
    ...state,
    stateOk: flag('server', 'It is one we handed out.'),
    stateAgeMs: measure('server', 'ms', 'Age of the state.'),
    stateReused: flag('server', 'It was used before.'),
    issuerOk: oneOf('server', ['ok', 'mismatch', 'missing', 'not_expected'], 'The iss parameter (RFC 9207).'),
    codeFp: id('server', 'Keyed hash of the code.'),
    error: name('server', 'error of the upstream answer.'),
  },
  'oauth.token': {
    grantType: name('server', 'OAuth grant type.'),
    scopes: names('server', 'Scopes issued.'),
    requestedScopes: names('server', 'Scopes asked for.'),
    refreshFp: id('server', 'Keyed hash of the refresh token.'),
    resource: names('server', 'Resource indicators asked for.'),
    oauthClientId: name('server', 'Client id.'),
    codeFp: id('server', 'Keyed hash of the code that was redeemed, or of the id of the assertion.'),
    verifierOk: flag('server', 'The code verifier fits the challenge.'),
    ...pkce,
    issuedFp: id('server', 'Keyed hash of the access token that was issued.'),
    issuedRefreshFp: id('server', 'Keyed hash of the refresh token that was issued.'),
    tokenKind: oneOf('server', ['jwt', 'opaque', 'none'], 'Form of the access token that was issued.'),
    aud: names('server', 'Audiences of the access token that was issued, where it is a JWT.'),
    expectedAud: names('server', 'Audiences this server answers to.'),
    assertionClient: name('server', 'Client that the assertion names; a keyed hash where ids are secret.'),
    assertionFlaws: names(
      'server',
      'What is wrong with the assertion: type, audience, resource, expired, not_yet_valid, no_id.',
    ),
    reason: name('server', 'Why it was refused.'),
  },
} as const satisfies Record<string, Record<string, z.ZodType>>
