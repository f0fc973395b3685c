/** SOC 2: the trust services criteria (2017, revised points of focus 2022) that audit logging touches. */
import type { Framework } from '../framework.ts'

export default {
  title: 'SOC 2, Trust Services Criteria',
  requirements: [
    {
      id: 'CC6.1',
      title: 'Logical access is restricted',
      statements: ['R3', 'R10', 'R1', 'R6', 'R8', 'R9'],
      supplies: 'Evidence of each access decision, for samples of any size.',
    },
    {
      id: 'CC6.3',
      title: 'Rights are given by role, least privilege, and changed with a record',
      statements: ['R26', 'R30', 'R27'],
      supplies: 'Rights granted against rights used, changes of grants with their ticket.',
    },
    {
      id: 'CC6.6, CC6.7',
      title: 'Boundaries and transmission are protected',
      statements: ['R12', 'R13', 'R14', 'R2'],
      supplies: 'Transport, origins, outbound credentials.',
    },
    {
      id: 'CC6.8',
      title: 'Unauthorized or malicious software is found',
      statements: ['R28', 'R18', 'R20'],
      supplies: 'Builds that ran, definitions that changed or hide orders.',
    },
    {
      id: 'CC7.1, CC7.2',
      title: 'Vulnerabilities and anomalies are monitored',
      statements: ['R17', 'R19', 'R23', 'R25'],
      supplies: 'Rules, how often each looked, and what it found.',
    },
    {
      id: 'CC7.3, CC7.4',
      title: 'Events are evaluated, incidents answered',
      statements: ['R25', 'R23'],
      supplies: 'The life of each alert with owner, reason and time.',
    },
    {
      id: 'CC8.1',
      title: 'Changes are authorized and recorded',
      statements: ['R30', 'R20'],
      supplies: 'Changes joined with deployments, approvals and tickets.',
    },
    {
      id: 'C1, P-series',
      title: 'Confidentiality and privacy',
      statements: ['R29', 'R24'],
      supplies: 'What was recorded and for how long, disposal with signed tombstones.',
    },
  ],
  leaves: [
    'Design and operation of the controls of the organisation itself.',
    'Whether a person acted well on an alert.',
  ],
} satisfies Framework
