/** What telemetry of an MCP server cannot show, whoever asks: so that silence about it is never read as safety. */

export interface BlindSpot {
  readonly id: string
  /** The threat, in the words people look for. */
  readonly threat: string
  readonly why: string
  /** Who could see it. */
  readonly seenBy: string
  /** Families and numbers of rules that see a part of it. */
  readonly partly: readonly string[]
}

/** Order and numbers are those of the threat catalogue’s section on coverage. */
export const BLIND_SPOTS: readonly BlindSpot[] = [
  {
    id: 'N1',
    threat: 'Model confusion: a model takes data for an order, or one tool for another',
    why: 'It happens inside the model.',
    seenBy: 'the host and the provider of the model',
    partly: ['inj-006'],
  },
  {
    id: 'N2',
    threat: 'Whether a model obeyed an injected order, and what the person wanted',
    why: 'Prompt and plan stay in the host. Spotlighting and delimiters around untrusted text are put there too.',
    seenBy: 'telemetry of the host with the same trace id',
    partly: ['inj-006'],
  },
  {
    id: 'N3',
    threat: 'Direct prompt injection and jailbreaks typed by a person',
    why: 'Only the arguments of calls reach a server.',
    seenBy: 'the host, a gateway with prompt shields',
    partly: ['inj-002'],
  },
  {
    id: 'N4',
    threat: 'A token stolen from a client, a browser or a key store',
    why: 'Nothing is sent before it is used.',
    seenBy: 'endpoint protection, sign-in risk of the identity provider',
    partly: ['tok-008'],
  },
  {
    id: 'N5',
    threat: 'Token passthrough by another process or a sidecar',
    why: 'The outbound request is made where we are not.',
    seenBy: 'an egress proxy, logs of the service behind',
    partly: ['tok-003'],
  },
  {
    id: 'N6',
    threat: 'Consent screens, cookies and mix-up at an external authorization server',
    why: 'They happen at the identity provider and in the client.',
    seenBy: 'sign-in and audit logs of the identity provider',
    partly: ['oau-001', 'oau-004'],
  },
  {
    id: 'N7',
    threat: 'A program on the same machine that answers on the localhost redirect of another client',
    why: 'The metadata document is genuine.',
    seenBy: 'the warning of the authorization server',
    partly: ['oau-007'],
  },
  {
    id: 'N8',
    threat: 'Requests a client makes to URLs it was given: SSRF, script URLs, opening of a shell',
    why: 'They run in the client.',
    seenBy: 'the client, endpoint protection',
    partly: ['oau-010', 'inj-010'],
  },
  {
    id: 'N9',
    threat: 'A local server that is malicious from its start command on',
    why: 'Before our code runs there is no telemetry.',
    seenBy: 'endpoint protection, policy of the client',
    partly: ['sup-005'],
  },
  {
    id: 'N10',
    threat: 'A shadow server that nobody instrumented',
    why: 'It sends nothing.',
    seenBy: 'network discovery, a registry of approved servers',
    partly: ['sup-002'],
  },
  {
    id: 'N11',
    threat: 'A compromised server that lies about its events or fingerprints',
    why: 'The producer itself is not trusted.',
    seenBy: 'a probe from outside, the log of a gateway, attestation of the image',
    partly: ['aud-002', 'aud-008'],
  },
  {
    id: 'N12',
    threat: 'A changed definition shown to one victim only, from a cache or by something behind the server',
    why: 'Fingerprints are taken at the server.',
    seenBy: 'pinning in the client',
    partly: ['tdf-005'],
  },
  {
    id: 'N13',
    threat: 'One server shadowing the tools of another in the merged list of a host',
    why: 'Which servers a person has connected is known to the host alone.',
    seenBy: 'the host',
    partly: ['tdf-004'],
  },
  {
    id: 'N14',
    threat: 'Poisoned models, embeddings, training data',
    why: 'They lie before MCP.',
    seenBy: 'scanners of models, their provider',
    partly: [],
  },
  {
    id: 'N15',
    threat: 'Exfiltration in meaning: paraphrase, steganography, timing',
    why: 'Labels say what a text looks like, not what it tells.',
    seenBy: 'data-loss prevention at the host',
    partly: ['inj-011'],
  },
  {
    id: 'N16',
    threat: 'Exfiltration when a client renders a result: images, unfurled links',
    why: 'It is rendered in the host.',
    seenBy: 'content policy of the host',
    partly: ['inj-001'],
  },
  {
    id: 'N17',
    threat: 'Who speaks over stdio',
    why: 'The transport has no token and no principal; one user of the machine is assumed.',
    seenBy: 'the operating system',
    partly: [],
  },
  {
    id: 'N18',
    threat: 'Sessions in protocol 2026-07-28 and later',
    why: 'The protocol has none; rules on handles take their place.',
    seenBy: 'nobody',
    partly: ['ses-002', 'ses-010', 'ses-011'],
  },
  {
    id: 'N19',
    threat: 'Claims of opaque tokens that are not introspected',
    why: 'The token shows none.',
    seenBy: 'introspection, when it is wired',
    partly: ['tok-001', 'tok-004', 'tok-006'],
  },
  {
    id: 'N20',
    threat: 'MFA at the client, device compliance, conditional access',
    why: 'They are decided at the identity provider and not always told in the token.',
    seenBy: 'sign-in logs, joined by token id',
    partly: ['scp-010'],
  },
  {
    id: 'N21',
    threat: 'Content of encrypted or binary data, pictures and sound',
    why: 'Classifiers read text; what was not read is counted as unscanned bytes.',
    seenBy: 'scanners for such data',
    partly: [],
  },
  {
    id: 'N22',
    threat: 'What a producer was told not to record',
    why: 'Minimal capture is a choice for privacy.',
    seenBy: 'nobody; coverage names the fields that are missing',
    partly: [],
  },
  {
    id: 'N23',
    threat: 'MFA fatigue, installs by social engineering, insiders that act together',
    why: 'They happen between people.',
    seenBy: 'the identity provider, endpoint protection, people',
    partly: [],
  },
  {
    id: 'N24',
    threat: 'A compromised machine, intercepted TLS with a valid certificate, memory that is read',
    why: 'It lies below us.',
    seenBy: 'endpoint protection, certificate transparency',
    partly: [],
  },
]
