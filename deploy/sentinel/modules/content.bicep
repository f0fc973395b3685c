// What analysts use: functions (ASIM parsers among them), analytics rules, hunting queries and the workbook, from the files beside.
param workspaceName string
param location string
param rulesEnabled bool

// In the order in which they call each other.
var functions = [
  loadYamlContent('../parsers/McpAlerts.yaml')
  loadYamlContent('../parsers/McpAuditEvents.yaml')
  loadYamlContent('../parsers/vimAgentEventMcpAuditd.yaml')
  loadYamlContent('../parsers/vimAlertEventMcpAuditd.yaml')
  loadYamlContent('../parsers/vimAuditEventMcpAuditd.yaml')
  loadYamlContent('../parsers/vimAuthenticationMcpAuditd.yaml')
  loadYamlContent('../parsers/ASimAgentEventMcpAuditd.yaml')
  loadYamlContent('../parsers/ASimAlertEventMcpAuditd.yaml')
  loadYamlContent('../parsers/ASimAuditEventMcpAuditd.yaml')
  loadYamlContent('../parsers/ASimAuthenticationMcpAuditd.yaml')
]
var rules = [
  loadYamlContent('../analytics/McpAuditGap.yaml')
  loadYamlContent('../analytics/McpCredentialDetected.yaml')
  loadYamlContent('../analytics/McpDefinitionChangeThenCalls.yaml')
  loadYamlContent('../analytics/McpDetection.yaml')
  loadYamlContent('../analytics/McpExportVolume.yaml')
  loadYamlContent('../analytics/McpFailedAuthorization.yaml')
  loadYamlContent('../analytics/McpInjectionsPerActor.yaml')
  loadYamlContent('../analytics/McpPiiPerActor.yaml')
  loadYamlContent('../analytics/McpScopeGrowth.yaml')
  loadYamlContent('../analytics/McpSecurityErrors.yaml')
  loadYamlContent('../analytics/McpSensitiveToolOffHours.yaml')
  loadYamlContent('../analytics/McpServerSilent.yaml')
  loadYamlContent('../analytics/McpSessionReuse.yaml')
  loadYamlContent('../analytics/McpTokenAudienceMismatch.yaml')
  loadYamlContent('../analytics/McpToolNotInCatalogue.yaml')
  loadYamlContent('../analytics/McpToolUsesPerHour.yaml')
]
var huntingQueries = [
  loadYamlContent('../hunting/McpActsOfPrincipal.yaml')
  loadYamlContent('../hunting/McpBlastRadius.yaml')
  loadYamlContent('../hunting/McpBlindSpots.yaml')
  loadYamlContent('../hunting/McpClientNames.yaml')
  loadYamlContent('../hunting/McpDeniedThenAllowed.yaml')
  loadYamlContent('../hunting/McpFirstUseOfTool.yaml')
  loadYamlContent('../hunting/McpHandleInOtherHands.yaml')
  loadYamlContent('../hunting/McpIntentDrift.yaml')
  loadYamlContent('../hunting/McpNewDestinations.yaml')
  loadYamlContent('../hunting/McpResolvedButOpenIncident.yaml')
  loadYamlContent('../hunting/McpTokenTimeline.yaml')
  loadYamlContent('../hunting/McpToxicFlow.yaml')
]
var operators = {
  gt: 'GreaterThan'
  lt: 'LessThan'
  eq: 'Equal'
  ne: 'NotEqual'
}

// `15m` and `7d`, as rule files write them, in ISO 8601.
func duration(text string) string => endsWith(text, 'd') ? 'P${toUpper(text)}' : 'PT${toUpper(text)}'

// Grouping by custom details is said by the rules that need it alone.
func incidentsOf(given object) object => {
  createIncident: given.createIncident
  groupingConfiguration: {
    enabled: given.groupingConfiguration.enabled
    reopenClosedIncident: given.groupingConfiguration.reopenClosedIncident
    lookbackDuration: duration(given.groupingConfiguration.lookbackDuration)
    matchingMethod: given.groupingConfiguration.matchingMethod
    groupByCustomDetails: given.groupingConfiguration.?groupByCustomDetails ?? []
  }
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' existing = {
  name: workspaceName
}

@batchSize(1)
resource function 'Microsoft.OperationalInsights/workspaces/savedSearches@2020-08-01' = [for parser in functions: {
  parent: workspace
  name: parser.ParserName
  properties: {
    category: 'ASIM'
    displayName: parser.Parser.Title
    functionAlias: parser.ParserName
    functionParameters: join(map(parser.ParserParams, parameter => '${parameter.Name}:${parameter.Type}=${toLower(string(parameter.Default))}'), ', ')
    query: parser.ParserQuery
    version: 2
  }
}]

resource scheduled 'Microsoft.SecurityInsights/alertRules@2024-09-01' = [for rule in filter(rules, each => each.kind == 'Scheduled'): {
  scope: workspace
  name: rule.id
  kind: 'Scheduled'
  properties: {
    displayName: rule.name
    description: rule.description
    severity: rule.severity
    enabled: rulesEnabled
    query: rule.query
    queryFrequency: duration(rule.queryFrequency)
    queryPeriod: duration(rule.queryPeriod)
    triggerOperator: operators[rule.triggerOperator]
    triggerThreshold: rule.triggerThreshold
    suppressionEnabled: rule.suppressionEnabled
    suppressionDuration: duration(rule.suppressionDuration)
    tactics: rule.tactics
    techniques: rule.relevantTechniques
    entityMappings: rule.entityMappings
    customDetails: rule.customDetails
    alertDetailsOverride: rule.alertDetailsOverride
    eventGroupingSettings: rule.eventGroupingSettings
    incidentConfiguration: incidentsOf(rule.incidentConfiguration)
  }
  dependsOn: [
    function
  ]
}]

resource nearRealTime 'Microsoft.SecurityInsights/alertRules@2024-09-01' = [for rule in filter(rules, each => each.kind == 'NRT'): {
  scope: workspace
  name: rule.id
  kind: 'NRT'
  properties: {
    displayName: rule.name
    description: rule.description
    severity: rule.severity
    enabled: rulesEnabled
    query: rule.query
    suppressionEnabled: rule.suppressionEnabled
    suppressionDuration: duration(rule.suppressionDuration)
    tactics: rule.tactics
    techniques: rule.relevantTechniques
    entityMappings: rule.entityMappings
    customDetails: rule.customDetails
    alertDetailsOverride: rule.alertDetailsOverride
    eventGroupingSettings: rule.eventGroupingSettings
    incidentConfiguration: incidentsOf(rule.incidentConfiguration)
  }
  dependsOn: [
    function
  ]
}]

resource hunting 'Microsoft.OperationalInsights/workspaces/savedSearches@2020-08-01' = [for hunt in huntingQueries: {
  parent: workspace
  name: hunt.id
  properties: {
    category: 'Hunting Queries'
    displayName: hunt.name
    query: hunt.query
    version: 2
    tags: [
      {
        name: 'description'
        value: hunt.description
      }
      {
        name: 'tactics'
        value: join(hunt.tactics, ',')
      }
      {
        name: 'techniques'
        value: join(hunt.relevantTechniques, ',')
      }
    ]
  }
  dependsOn: [
    function
  ]
}]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(workspace.id, 'mcp-auditd')
  location: location
  kind: 'shared'
  properties: {
    displayName: 'MCP servers (mcp-auditd)'
    category: 'sentinel'
    sourceId: workspace.id
    serializedData: loadTextContent('../workbook/mcp-auditd.json')
    version: '1.0'
  }
}
