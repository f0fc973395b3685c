/** `@mcp-auditd/instrument/authz`: what the server itself decides, said in one line where it decides it. */
import { type AuditContext, contextFor, knownContext } from './audit-context.ts'
import { exchangeInFlight, type ProofVerdict } from './edge/exchange.ts'
import { claimsOf } from './identity/claims.ts'
import { callInFlight, followCalls } from './messages/call-in-flight.ts'
import { nameOf, namesOf, REDACTED, reasonOf, trustedName } from './names.ts'
import type { InstrumentOptions } from './options.ts'

// Decisions belong to the call in whose course they are made, which is followed from here on.
followCalls()

export interface DecisionSubject {
  /** Tool that is decided on. Default: that of the call in flight. */
  readonly tool?: string | undefined
  /** What else is: the word for its class, such as `order`. Of a URI or path only that it is a resource is recorded. */
  readonly resource?: string | undefined
  readonly requiredScopes?: readonly string[] | undefined
  /** Default: those of the caller of the call in flight, and the roles in its token. */
  readonly grantedScopes?: readonly string[] | undefined
  readonly policyId?: string | undefined
  /** What an error of the policy means to this server; default closed, because the error is thrown on. */
  readonly failMode?: 'open' | 'closed' | undefined
}

/**
 * Asks the policy and records what it said: `const allowed = auditDecision({ tool, policyId }, () => policy.check(user))`. A boolean is
 * the decision; so is `allow`, `allowed` or `granted` of an object, and anything else that is there allows. What the policy answers is answered, what it throws is thrown.
 * `options` are needed only outside of a call, where several servers share a sink.
 */
export function auditDecision<T>(subject: DecisionSubject, policy: () => T, options: InstrumentOptions = {}): T {
  const tell = teller(subject, options)
  let answer: T
  try {
    answer = policy()
  } catch (error) {
    tell(undefined, { error })
    throw error
  }
  if (!(answer instanceof Promise)) {
    tell(answer)
    return answer
  }
  const told = answer.then(
    (value: unknown) => {
      tell(value)
      return value
    },
    (error: unknown) => {
      tell(undefined, { error })
      throw error
    },
  )
  return told as T
}

/** Whether the caller of the call in flight has all of these scopes; recorded as a decision. */
export function requireScopes(scopes: readonly string[], subject: DecisionSubject = {}): boolean {
  const grantedScopes = subject.grantedScopes ?? scopesInFlight() ?? []
  return auditDecision({ ...subject, requiredScopes: scopes, grantedScopes }, () =>
    scopes.every((scope) => grantedScopes.includes(scope)),
  )
}

/** What this server found about the DPoP proof of the request in flight: its own verdict stands in auth.dpop.checked. */
export function auditDpop(verdict: ProofVerdict): void {
  const exchange = exchangeInFlight()
  if (exchange !== undefined) exchange.proofVerdict = verdict
}

function verdictOf(answer: unknown): 'allow' | 'deny' {
  if (answer === null || typeof answer !== 'object') return answer ? 'allow' : 'deny'
  for (const member of ['allow', 'allowed', 'granted', 'isAuthorized'])
    if (typeof (answer as Record<string, unknown>)[member] === 'boolean')
      return (answer as Record<string, unknown>)[member] ? 'allow' : 'deny'
  return 'allow'
}

/** A word such as `orders` is a class; a URI or a path is one resource, and may name persons and hold secrets. */
const classOf = (resource: string): string => {
  const name = /^[A-Za-z][\w.-]{0,63}$/.test(resource) ? nameOf(resource) : undefined
  return name === undefined || name === REDACTED ? 'resource' : name
}

function scopesInFlight(): readonly string[] | undefined {
  const scopes = (callInFlight()?.extra?.authInfo as { scopes?: unknown } | undefined)?.scopes
  return Array.isArray(scopes) ? (scopes as string[]) : undefined
}

/** A token in use comes with many calls, and is decoded once. */
const rolesOf = new WeakMap<object, readonly string[]>()

/** Scopes and application roles; undefined where nobody is known. */
function grantedInFlight(): readonly string[] | undefined {
  const authInfo = callInFlight()?.extra?.authInfo as { token?: unknown } | undefined
  const scopes = scopesInFlight()
  if (authInfo === undefined || typeof authInfo.token !== 'string') return scopes
  let roles = rolesOf.get(authInfo)
  if (roles === undefined) {
    const claimed: unknown = claimsOf(authInfo.token).payload['roles']
    roles = Array.isArray(claimed) ? claimed.filter((role) => typeof role === 'string') : []
    rolesOf.set(authInfo, roles)
  }
  return scopes === undefined && roles.length === 0 ? undefined : [...(scopes ?? []), ...roles]
}

/** Reads the place at once: a policy may answer when the call is over. */
function teller(subject: DecisionSubject, options: InstrumentOptions) {
  const call = callInFlight()
  const exchange = exchangeInFlight()
  const { tool, resource, requiredScopes, grantedScopes, policyId, failMode } = subject
  return (answer: unknown, failure?: { readonly error: unknown }): void => {
    try {
      const decision = failure === undefined ? verdictOf(answer) : 'error'
      const context: AuditContext = call?.context ?? knownContext(options) ?? contextFor(options, '')
      const request = call?.request
      context.guard(() =>
        context.emit(
          {
            eventType: 'authz.decision',
            ...(request?.own ?? { requestUid: exchange?.requestUid, ...exchange?.source(context) }),
            toolName: nameOf(tool) ?? request?.toolName,
            definitionHash: request?.definitionHash,
            resourceClass:
              resource !== undefined
                ? classOf(resource)
                : tool !== undefined || request?.toolName !== undefined
                  ? 'tool'
                  : 'method',
            requiredScopes: namesOf(requiredScopes),
            grantedScopes: namesOf(grantedScopes ?? grantedInFlight()),
            policyId: policyId === undefined ? undefined : trustedName(policyId),
            error: decision === 'error' ? reasonOf(failure?.error, '') : undefined,
            failMode: decision === 'error' ? (failMode ?? 'closed') : failMode,
          },
          undefined,
          { ...request?.common, decision },
        ),
      )
    } catch {
      // No context can be made of these options: the decision stands all the same.
    }
  }
}
