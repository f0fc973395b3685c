// The two tables, the data collection rule of kind Direct that fills them, and the role of who sends.
param workspaceName string
param location string
param senderObjectId string
param retentionDays int
param totalRetentionDays int

// Printed from connectors/webhook/azure/sentinel-columns.ts, and compared with it by a test.
var tables = loadJsonContent('../columns.json')
// Monitoring Metrics Publisher.
var publisherRole = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '3913510d-42f4-4e42-8a64-420c390055eb')

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' existing = {
  name: workspaceName
}

resource table 'Microsoft.OperationalInsights/workspaces/tables@2023-09-01' = [for entry in items(tables): {
  parent: workspace
  name: entry.key
  properties: {
    plan: 'Analytics'
    retentionInDays: retentionDays
    totalRetentionInDays: totalRetentionDays
    schema: {
      name: entry.key
      columns: entry.value.columns
    }
  }
}]

resource rule 'Microsoft.Insights/dataCollectionRules@2023-03-11' = {
  name: 'dcr-mcp-auditd'
  location: location
  // With an endpoint of its own: no data collection endpoint is needed, unless by private link.
  kind: 'Direct'
  properties: {
    description: 'Events and alerts of mcp-auditd'
    streamDeclarations: toObject(items(tables), entry => 'Custom-${entry.key}', entry => {
      columns: entry.value.stream
    })
    destinations: {
      logAnalytics: [
        {
          name: 'workspace'
          workspaceResourceId: workspace.id
        }
      ]
    }
    dataFlows: [for entry in items(tables): {
      streams: [
        'Custom-${entry.key}'
      ]
      destinations: [
        'workspace'
      ]
      transformKql: entry.value.transform
      outputStream: 'Custom-${entry.key}'
    }]
  }
  dependsOn: [
    table
  ]
}

resource sender 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(senderObjectId)) {
  scope: rule
  name: guid(rule.id, senderObjectId, publisherRole)
  properties: {
    roleDefinitionId: publisherRole
    principalId: senderObjectId
    principalType: 'ServicePrincipal'
  }
}

output endpoint string = rule.properties.endpoints.logsIngestion
output ruleId string = rule.properties.immutableId
