/** OWASP MCP Top 10, 2025 (beta). */
import type { Framework } from '../framework.ts'

export default {
  title: 'OWASP MCP Top 10 (2025, beta)',
  requirements: [
    {
      id: 'MCP01',
      title: 'Token mismanagement and secret exposure',
      statements: ['R2', 'R11', 'R10', 'R29'],
      supplies: 'Lifetimes, replay, passing on of tokens, secrets in content by class and keyed hash.',
    },
    {
      id: 'MCP02',
      title: 'Privilege escalation by scope creep',
      statements: ['R26', 'R10', 'R30'],
      supplies: 'Scopes per principal, client and server over time, rights never used, changes without a record.',
    },
    {
      id: 'MCP03',
      title: 'Tool poisoning',
      statements: ['R20', 'R18', 'R30'],
      supplies:
        'A ledger of definitions by hash, every call joined with the version in force, hidden orders, approvals.',
    },
    {
      id: 'MCP04',
      title: 'Supply chain and dependency tampering',
      statements: ['R28', 'R30'],
      supplies: 'Builds that ran, unpinned starts, advisories, identity of servers over time.',
    },
    {
      id: 'MCP05',
      title: 'Command injection and execution',
      statements: ['R17', 'R19'],
      supplies: 'Classes of attacks in arguments by the role of the parameter, programs started, addresses reached.',
    },
    {
      id: 'MCP06',
      title: 'Intent flow subversion',
      statements: ['R23', 'R16', 'R17'],
      supplies: 'Injected content in results and definitions, and sensitive acts that follow it.',
    },
    {
      id: 'MCP07',
      title: 'Insufficient authentication and authorization',
      statements: ['R1', 'R3', 'R4', 'R5', 'R6', 'R7', 'R8', 'R9', 'R10', 'R13', 'R14', 'R15', 'R27'],
      supplies: 'Every token check, challenge and decision with what was expected and what was seen.',
    },
    {
      id: 'MCP08',
      title: 'Lack of audit and telemetry',
      statements: ['R21', 'R22', 'R23', 'R24', 'R25'],
      supplies: 'Completeness per server, gaps, coverage per rule, a signed chain over all rows.',
    },
    {
      id: 'MCP09',
      title: 'Shadow servers',
      statements: ['R3', 'R12', 'R28'],
      supplies: 'Servers outside the inventory, exposed listeners, servers without authorization.',
    },
    {
      id: 'MCP10',
      title: 'Context injection and over-sharing',
      statements: ['R6', 'R29', 'R17'],
      supplies: 'Handles and state used by others, personal data in results by class, results across tenants.',
    },
  ],
  leaves: ['What a model was shown by other servers, and whether it obeyed.', 'Servers that send no telemetry.'],
} satisfies Framework
