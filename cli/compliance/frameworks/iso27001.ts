/** ISO/IEC 27001:2022, Annex A: the controls that audit logging touches. */
import type { Framework } from '../framework.ts'

export default {
  title: 'ISO/IEC 27001:2022, Annex A',
  requirements: [
    {
      id: 'A.5.15, A.5.18, A.8.2',
      title: 'Access control, access rights, privileged access',
      statements: ['R3', 'R10', 'R26'],
      supplies: 'Decisions, rights granted and used, calls without verification.',
    },
    {
      id: 'A.5.16, A.5.17, A.8.5',
      title: 'Identities, authentication information, secure authentication',
      statements: ['R1', 'R6', 'R11', 'R27', 'R5', 'R4'],
      supplies: 'Token checks, binding to persons, strength of logins where it is told.',
    },
    {
      id: 'A.5.23, A.8.9, A.8.32',
      title: 'Cloud services, configuration, change management',
      statements: ['R28', 'R30', 'R20'],
      supplies: 'Builds, configuration and definition changes with their reasons.',
    },
    {
      id: 'A.5.25',
      title: 'Assessment of security events',
      statements: ['R23', 'R25'],
      supplies: 'Findings, severity with its reason, who decided.',
    },
    {
      id: 'A.5.28',
      title: 'Collection of evidence',
      statements: ['R24', 'R22'],
      supplies: 'A signed chain, exports that are written once, a query for each alert.',
    },
    {
      id: 'A.8.12',
      title: 'Prevention of data leakage',
      statements: ['R2', 'R29', 'R17'],
      supplies: 'Classes of secrets and personal data in arguments, results and outbound requests.',
    },
    {
      id: 'A.8.15, A.8.16',
      title: 'Logging and monitoring',
      statements: ['R21', 'R22', 'R23'],
      supplies: 'Completeness by type of event, coverage by rule.',
    },
    {
      id: 'A.8.17',
      title: 'Synchronised clocks',
      statements: ['R22'],
      supplies: 'Event times far from receipt are clamped and flagged (event_time_clamped).',
    },
    {
      id: 'A.8.20, A.8.24',
      title: 'Networks and cryptography',
      statements: ['R12', 'R13', 'R14'],
      supplies: 'Transport and origins of requests.',
    },
  ],
  leaves: ['The management system around it: scope, risk treatment, reviews, training.'],
} satisfies Framework
