/** What existing scanners reach on the same corpora, percent flagged, as ../shared/reference/peer-detection.md measured them in 2026-11. */

export interface Published {
  readonly scanner: string
  /** By column of PUBLISHED_COLUMNS; undefined: not measured or not built for it. */
  readonly percent: readonly (number | undefined)[]
}

export const PUBLISHED_COLUMNS = [
  'poisoned tools',
  'shadowing',
  'preference',
  'hidden Unicode',
  'benign tools',
  'hard benign',
  'injected results',
  'benign results',
  'argument attacks',
  'benign arguments',
  'malicious changes',
  'benign changes',
] as const

export const PUBLISHED: readonly Published[] = [
  { scanner: 'naive regex, published', percent: [56.8, 64.9, 3.1, 1.7, 1.8, 18.2, 21.8, 0, 11.1, 0.1, 60, 1.2] },
  { scanner: 'Cisco mcp-scanner 4.8.7', percent: [42.5, 32.4, 6.2, 0, 1.8, 16.7, 11.7, 0.3, 31.2, 1, 31.6, 0.6] },
  { scanner: 'pipelock', percent: [30.1, 32.4, 3.1, 5, 3.7, 21.2, 13.6, 0, 2.8, 0, 18.9, 1.2] },
  { scanner: 'agent-governance-toolkit', percent: [71.9, 48.6, 6.2, 53.3, 6.8, 37.1, 45.6, 10.7, 2, 0, 81.1, 5.9] },
  { scanner: 'mcp-shield', percent: [23.3, 43.2, 12.5, 5, 8.8, 56.8] },
  { scanner: 'npm mcp-scan 2.0.8', percent: [61, 70.3, 6.2, 56.7, 10.6, 47] },
]
export const PUBLISHED_NOTE =
  'At <= 1 % false positives the best of them finds 35 % of poisoned tools here, about 20 % on sources none of them had seen. ' +
  'Secrets: gitleaks 99.1 % on its own cases, 0 of 2,152 real results and arguments; detect-secrets 46.4 % and 0.5 %.'
