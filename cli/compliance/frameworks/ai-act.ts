/** EU AI Act, Regulation (EU) 2024/1689: the articles on logs, oversight and robustness. */
import type { Framework } from '../framework.ts'

export default {
  title: 'EU AI Act, Regulation (EU) 2024/1689',
  requirements: [
    {
      id: 'Art. 12',
      title: 'Automatic recording of events over the lifetime',
      statements: ['R21', 'R22', 'R20', 'R24'],
      supplies: 'Every call with its tool version, person and client; risks as findings; proof of integrity.',
    },
    {
      id: 'Art. 14',
      title: 'Human oversight',
      statements: ['R16', 'R30', 'R7'],
      supplies: 'Questions to people and their answers, approvals, consent.',
    },
    {
      id: 'Art. 15',
      title: 'Accuracy, robustness, cybersecurity',
      statements: ['R17', 'R18', 'R19', 'R23', 'R28'],
      supplies: 'Attacks on input, definitions and supply chain.',
    },
    {
      id: 'Art. 19, 26(6)',
      title: 'Logs are kept for at least six months',
      statements: ['R24', 'R29'],
      supplies: 'Defaults of 180 days for traffic and 400 for security facts, by class.',
    },
    {
      id: 'Art. 26(5), 72',
      title: 'Monitoring of operation, post-market monitoring',
      statements: ['R23', 'R25', 'R26'],
      supplies: 'Findings and their life, behaviour against what is usual.',
    },
    {
      id: 'Art. 73',
      title: 'Reports of serious incidents',
      statements: ['R25', 'R23'],
      supplies: 'Timeline and evidence of each alert.',
    },
  ],
  leaves: [
    'Whether a system is of high risk.',
    'Logs that the host of the model holds.',
    'Dates of application were moved by the Digital Omnibus of 2026: ask a lawyer which hold for you.',
  ],
} satisfies Framework
