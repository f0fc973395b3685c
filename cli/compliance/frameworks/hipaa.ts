/** HIPAA Security Rule, 45 CFR Part 164: the safeguards that audit logging touches. */
import type { Framework } from '../framework.ts'

export default {
  title: 'HIPAA Security Rule, 45 CFR Part 164',
  requirements: [
    {
      id: '164.308(a)(1)(ii)(D)',
      title: 'Review of information system activity',
      statements: ['R22', 'R23', 'R25'],
      supplies: 'Activity per person and tool, findings, alerts and who answered them.',
    },
    {
      id: '164.312(a)',
      title: 'Access control, unique user identification',
      statements: ['R3', 'R6', 'R10', 'R26', 'R27'],
      supplies: 'Each call with its verified person, client and rights.',
    },
    {
      id: '164.312(b)',
      title: 'Audit controls',
      statements: ['R21', 'R22', 'R20'],
      supplies: 'Recording of calls, checks and definitions, with its gaps.',
    },
    {
      id: '164.312(c)',
      title: 'Integrity',
      statements: ['R24', 'R30'],
      supplies: 'A signed chain over all rows; changes and their reasons.',
    },
    {
      id: '164.312(d)',
      title: 'Authentication of persons and entities',
      statements: ['R1', 'R10', 'R11', 'R4'],
      supplies: 'Token checks with audience, issuer, lifetime and replay.',
    },
    {
      id: '164.312(e)',
      title: 'Transmission security',
      statements: ['R12'],
      supplies: 'How requests came, by TLS version.',
    },
    {
      id: '164.316(b)(2)',
      title: 'Retention of documentation for six years',
      statements: ['R24', 'R29'],
      supplies: 'Retention by class (retentionDays), copies that are written once (export --worm).',
    },
  ],
  leaves: [
    'Whether content is health information: classes of personal data are found, not diagnoses.',
    'Business associate agreements, also for scanners outside.',
    'Six years are kept only where retentionDays says so: the default is 400 days.',
  ],
} satisfies Framework
