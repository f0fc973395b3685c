/** General Data Protection Regulation (EU) 2016/679: the articles that audit logging touches. */
import type { Framework } from '../framework.ts'

export default {
  title: 'GDPR, Regulation (EU) 2016/679',
  requirements: [
    {
      id: 'Art. 5(1)(c)',
      title: 'Data minimisation',
      statements: ['R29'],
      supplies:
        'Persons stand as keyed hashes, arguments and results as shapes; content is kept only where a rule of the operator asks for it.',
    },
    {
      id: 'Art. 5(1)(e)',
      title: 'Storage limitation',
      statements: ['R24', 'R29'],
      supplies: 'Retention by class with signed tombstones; erasure of one subject that leaves the proof intact.',
    },
    {
      id: 'Art. 5(1)(f), 32',
      title: 'Integrity, confidentiality, security of processing',
      statements: ['R3', 'R10', 'R12', 'R24', 'R26', 'R27'],
      supplies: 'Who was let in, over what, with which rights; tamper evidence over all rows.',
    },
    {
      id: 'Art. 25',
      title: 'Data protection by design and by default',
      statements: ['R29', 'R6'],
      supplies: 'The defaults above, at the place where the data arises.',
    },
    {
      id: 'Art. 30',
      title: 'Records of processing',
      statements: ['R20', 'R22'],
      supplies: 'Which tools processed, in whose name, in which version.',
    },
    {
      id: 'Art. 33, 34',
      title: 'Notification of breaches',
      statements: ['R23', 'R25', 'R21'],
      supplies: 'A timeline of a breach from first sign to answer, for the clock of 72 hours.',
    },
  ],
  leaves: [
    'Lawful basis, impact assessments, contracts with processors.',
    'The log is itself personal data: it needs its own place in the records of processing.',
  ],
} satisfies Framework
