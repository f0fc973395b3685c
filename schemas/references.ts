/** The public names of what rules refer to: OWASP MCP Top 10 (2025), MITRE ATT&CK v19 and MITRE ATLAS. Only ids that a rule may use stand here. */

/** Ten risks, by id. */
export const OWASP_MCP: Readonly<Record<string, string>> = {
  'MCP01:2025': 'Token Mismanagement and Secret Exposure',
  'MCP02:2025': 'Privilege Escalation via Scope Creep',
  'MCP03:2025': 'Tool Poisoning',
  'MCP04:2025': 'Software Supply Chain Attacks and Dependency Tampering',
  'MCP05:2025': 'Command Injection and Execution',
  'MCP06:2025': 'Intent Flow Subversion',
  'MCP07:2025': 'Insufficient Authentication and Authorization',
  'MCP08:2025': 'Lack of Audit and Telemetry',
  'MCP09:2025': 'Shadow MCP Servers',
  'MCP10:2025': 'Context Injection and Over-Sharing',
}

export const ATTACK_VERSION = '19'
/** Techniques and sub-techniques of ATT&CK for Enterprise. The parent of a sub-technique stands here too. */
export const ATTACK_TECHNIQUES: Readonly<Record<string, string>> = {
  T1021: 'Remote Services',
  T1036: 'Masquerading',
  T1040: 'Network Sniffing',
  T1041: 'Exfiltration Over C2 Channel',
  T1056: 'Input Capture',
  T1059: 'Command and Scripting Interpreter',
  T1069: 'Permission Groups Discovery',
  T1070: 'Indicator Removal',
  T1078: 'Valid Accounts',
  'T1078.004': 'Cloud Accounts',
  T1083: 'File and Directory Discovery',
  T1087: 'Account Discovery',
  T1098: 'Account Manipulation',
  'T1098.001': 'Additional Cloud Credentials',
  'T1098.003': 'Additional Cloud Roles',
  T1110: 'Brute Force',
  'T1110.003': 'Password Spraying',
  T1119: 'Automated Collection',
  T1133: 'External Remote Services',
  T1189: 'Drive-by Compromise',
  T1190: 'Exploit Public-Facing Application',
  T1195: 'Supply Chain Compromise',
  'T1195.001': 'Compromise Software Dependencies and Development Tools',
  'T1195.002': 'Compromise Software Supply Chain',
  T1204: 'User Execution',
  T1213: 'Data from Information Repositories',
  T1485: 'Data Destruction',
  T1499: 'Endpoint Denial of Service',
  T1526: 'Cloud Service Discovery',
  T1528: 'Steal Application Access Token',
  T1530: 'Data from Cloud Storage',
  T1539: 'Steal Web Session Cookie',
  T1548: 'Abuse Elevation Control Mechanism',
  T1550: 'Use Alternate Authentication Material',
  'T1550.001': 'Application Access Token',
  T1552: 'Unsecured Credentials',
  'T1552.001': 'Credentials In Files',
  'T1552.005': 'Cloud Instance Metadata API',
  T1556: 'Modify Authentication Process',
  T1557: 'Adversary-in-the-Middle',
  T1563: 'Remote Service Session Hijacking',
  T1565: 'Data Manipulation',
  'T1565.001': 'Stored Data Manipulation',
  'T1565.002': 'Transmitted Data Manipulation',
  T1566: 'Phishing',
  'T1566.002': 'Spearphishing Link',
  T1567: 'Exfiltration Over Web Service',
  T1583: 'Acquire Infrastructure',
  T1595: 'Active Scanning',
  T1606: 'Forge Web Credentials',
  T1685: 'Disable or Modify Tools',
  T1689: 'Downgrade Attack',
}

/** Techniques and sub-techniques of ATLAS. */
export const ATLAS_TECHNIQUES: Readonly<Record<string, string>> = {
  'AML.T0006': 'Active Scanning',
  'AML.T0010': 'AI Supply Chain Compromise',
  'AML.T0010.001': 'AI Software',
  'AML.T0010.003': 'Model',
  'AML.T0011': 'User Execution',
  'AML.T0011.002': 'Poisoned AI Agent Tool',
  'AML.T0029': 'Denial of AI Service',
  'AML.T0034': 'Cost Harvesting',
  'AML.T0034.002': 'Agentic Resource Consumption',
  'AML.T0037': 'Data from Local System',
  'AML.T0049': 'Exploit Public-Facing Application',
  'AML.T0050': 'Command and Scripting Interpreter',
  'AML.T0051': 'LLM Prompt Injection',
  'AML.T0051.000': 'Direct',
  'AML.T0051.001': 'Indirect',
  'AML.T0053': 'AI Agent Tool Invocation',
  'AML.T0054': 'LLM Jailbreak',
  'AML.T0055': 'Unsecured Credentials',
  'AML.T0057': 'LLM Data Leakage',
  'AML.T0066': 'Retrieval Content Crafting',
  'AML.T0068': 'LLM Prompt Obfuscation',
  'AML.T0070': 'RAG Poisoning',
  'AML.T0074': 'Masquerading',
  'AML.T0075': 'Cloud Service Discovery',
  'AML.T0080': 'AI Agent Context Poisoning',
  'AML.T0080.000': 'Memory',
  'AML.T0080.001': 'Thread',
  'AML.T0081': 'Modify AI Agent Configuration',
  'AML.T0083': 'Credentials from AI Agent Configuration',
  'AML.T0084': 'Discover AI Agent Configuration',
  'AML.T0084.001': 'Tool Definitions',
  'AML.T0085': 'Data from AI Services',
  'AML.T0085.001': 'AI Agent Tools',
  'AML.T0086': 'Exfiltration via AI Agent Tool Invocation',
  'AML.T0091': 'Use Alternate Authentication Material',
  'AML.T0091.000': 'Application Access Token',
  'AML.T0093': 'Prompt Infiltration via Public-Facing Application',
  'AML.T0098': 'AI Agent Tool Credential Harvesting',
  'AML.T0099': 'AI Agent Tool Data Poisoning',
  'AML.T0101': 'Data Destruction via AI Agent Tool Invocation',
  'AML.T0109': 'AI Supply Chain Rug Pull',
  'AML.T0110': 'AI Agent Tool Poisoning',
  'AML.T0112': 'Machine Compromise',
  'AML.T0112.000': 'Local AI Agent',
}

/** A technique of ATT&CK or ATLAS with its name; of a sub-technique also its parent. Undefined for anything else, such as an RFC. */
export interface Technique {
  readonly framework: 'attack' | 'atlas'
  readonly id: string
  readonly name: string
  readonly parent?: { readonly id: string; readonly name: string }
}
const SUB = /^(T\d{4}|AML\.T\d{4})\.\d{3}$/

export function techniqueOf(ref: string): Technique | undefined {
  const framework = Object.hasOwn(ATTACK_TECHNIQUES, ref)
    ? 'attack'
    : Object.hasOwn(ATLAS_TECHNIQUES, ref)
      ? 'atlas'
      : undefined
  if (framework === undefined) return undefined
  const names = framework === 'attack' ? ATTACK_TECHNIQUES : ATLAS_TECHNIQUES
  const parent = SUB.exec(ref)?.[1]
  return {
    framework,
    id: ref,
    name: names[ref]!,
    ...(parent !== undefined && { parent: { id: parent, name: names[parent]! } }),
  }
}
