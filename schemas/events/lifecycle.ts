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
    authSchemes: names('server', 'Authorization schemes it takes: bearer, dpop, mtls.'),
    allowedOrigins: names('server', 'Values of Origin it takes.'),
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
    spooled: count('server', 'number', 'Events waiting in its spool on disk.'),
    chainHash: id('server', 'Hash of the newest sealed spool segment: each segment names the one before.'),
    mode: oneOf('server', ['normal', 'evidence'], 'evidence: more is captured for a tool under alert.'),
  },
  'server.spawned': {
    commandHash: id('gateway', 'SHA-256 of the command name and its arguments.'),
    commandName: name('gateway', 'Base name of the program that was started.'),
    argumentClasses: names('gateway', 'Classes of the arguments: pipe_to_shell, sudo, key_folder, unpinned_package, …'),
    pinned: flag('gateway', 'The package it runs is named with an exact version or digest.'),
    launcher: name('gateway', 'What started it: wrap, register.'),
  },
  'client.hello': {
    capabilities: names('client', 'Names of the capabilities the client claims.'),
    capabilitiesHash: id('client', 'SHA-256 of the canonical capabilities.'),
    extensions: names('client', 'Names of the protocol extensions it claims.'),
    offeredVersion: name('client', 'Protocol version it asked for.'),
  },
  'server.identity': {
    serverInfoHash: id('server', 'SHA-256 of the canonical serverInfo.'),
    instructionsHash: id('server', 'SHA-256 of the instructions.'),
    capabilitiesHash: id('server', 'SHA-256 of the canonical capabilities.'),
    capabilities: names('server', 'Names of the capabilities.'),
    extensions: names('server', 'Names of the protocol extensions.'),
    supportedVersions: names('server', 'Protocol versions it offers.'),
  },
} as const satisfies Record<string, Record<string, z.ZodType>>
