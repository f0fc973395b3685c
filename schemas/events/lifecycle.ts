/** Events about the server itself: start, stop, heartbeat, identity. */
import type { z } from 'zod'
import { count, flag, id, name, names, oneOf } from '../field.ts'

export const lifecycle = {
  'server.started': {
    imageDigest: name('server', 'Digest of the container image.'),
    lockfileHash: id('server', 'SHA-256 of the lockfile.'),
    bindAddress: name('server', 'Address and port it listens on.'),
    authRequired: flag('server', 'Requests must carry a verified authorization.'),
    tls: flag('server', 'The listener itself speaks TLS.'),
    anonymousMethods: names('server', 'Methods that policy serves without authorization, such as server/discover.'),
    anonymousTools: names('server', 'Tools that policy serves without authorization.'),
    audienceCheck: flag('server', 'Posture: the token’s audience is compared with this server.'),
    sessionMode: oneOf('server', ['stateful', 'stateless', 'none'], 'Posture: how sessions are kept.'),
    originCheck: flag('server', 'Posture: the Origin header is validated.'),
    requestStateProtected: flag('server', 'Posture: requestState is sealed against changes.'),
  },
  'server.stopped': {
    reason: name('server', 'Why it stopped.'),
    eventsSent: count('server', 'number', 'Events this instance numbered.'),
    drops: count('server', 'number', 'Events it dropped, counted.'),
  },
  'server.heartbeat': {
    eventsSent: count('server', 'number', 'Events this instance numbered so far.'),
    drops: count('server', 'number', 'Events it dropped so far, counted.'),
    queued: count('server', 'number', 'Events waiting in its queue.'),
  },
  'server.identity': {
    serverInfoHash: id('server', 'SHA-256 of the canonical serverInfo.'),
    instructionsHash: id('server', 'SHA-256 of the instructions.'),
    capabilitiesHash: id('server', 'SHA-256 of the canonical capabilities.'),
    capabilities: names('server', 'Names of the capabilities.'),
    extensions: names('server', 'Names of the protocol extensions.'),
    supportedVersions: names('server', 'Protocol versions it offers.'),
  },
  'deployment.event': {
    deployedServer: name('ingested', 'Server that was deployed; empty means this one.'),
    newBuildDigest: name('ingested', 'Digest that was rolled out.'),
    deployedClient: name('ingested', 'Client that was released, when it is a client release.'),
    actor: name('ingested', 'Who deployed.'),
    runId: name('ingested', 'Run of the pipeline.'),
  },
} as const satisfies Record<string, Record<string, z.ZodType>>
