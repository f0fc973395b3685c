// Everything that mcp-auditd needs in a Microsoft Sentinel workspace: tables, data collection rule, role, parsers, rules, hunting, workbook.
targetScope = 'resourceGroup'

@description('Log Analytics workspace with Microsoft Sentinel, in this resource group.')
param workspaceName string

@description('Region of the workspace: the data collection rule has to stand there too.')
param location string = resourceGroup().location

@description('Object id of the application (its service principal) or managed identity that sends. Empty: assign the role yourself.')
param senderObjectId string = ''

@description('Days that the tables are kept ready for queries.')
@minValue(4)
@maxValue(730)
param retentionDays int = 90

@description('Days that they are kept altogether, the rest as long-term retention.')
@minValue(4)
@maxValue(4383)
param totalRetentionDays int = 365

@description('Parsers, analytics rules, hunting queries and the workbook too; false: tables and rule alone.')
param withContent bool = true

@description('Whether analytics rules run at once.')
param rulesEnabled bool = true

module ingestion 'modules/ingestion.bicep' = {
  name: 'mcp-auditd-ingestion'
  params: {
    workspaceName: workspaceName
    location: location
    senderObjectId: senderObjectId
    retentionDays: retentionDays
    totalRetentionDays: totalRetentionDays
  }
}

module content 'modules/content.bicep' = if (withContent) {
  name: 'mcp-auditd-content'
  params: {
    workspaceName: workspaceName
    location: location
    rulesEnabled: rulesEnabled
  }
  dependsOn: [
    ingestion
  ]
}

@description('`endpoint` of the target in the configuration of mcp-auditd.')
output endpoint string = ingestion.outputs.endpoint

@description('`ruleId` of the target in the configuration of mcp-auditd.')
output ruleId string = ingestion.outputs.ruleId
