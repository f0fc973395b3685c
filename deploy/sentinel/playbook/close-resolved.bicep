// A Logic App that closes incidents every hour whose alert a person resolved or suppressed in mcp-auditd. Deployed on its own, after main.bicep.
targetScope = 'resourceGroup'

@description('Log Analytics workspace with Microsoft Sentinel, in this resource group.')
param workspaceName string

@description('Region of the workspace.')
param location string = resourceGroup().location

// The query is the hunting query: what an analyst sees there is what is closed.
var hunt = loadYamlContent('../hunting/McpResolvedButOpenIncident.yaml')
var responderRole = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '3e150937-b8fe-4cfb-8069-0eaf05ecd056')
var readerRole = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '73c42c96-874c-492b-b04d-ab87d138a893')

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' existing = {
  name: workspaceName
}

resource sentinelConnection 'Microsoft.Web/connections@2016-06-01' = {
  name: 'azuresentinel-mcp-auditd'
  location: location
  properties: {
    displayName: 'mcp-auditd: incidents'
    api: {
      id: subscriptionResourceId('Microsoft.Web/locations/managedApis', '${location}/azuresentinel')
    }
    parameterValueType: 'Alternative'
  }
}

resource playbook 'Microsoft.Logic/workflows@2019-05-01' = {
  name: 'mcp-auditd-close-resolved'
  location: location
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    state: 'Enabled'
    parameters: {
      '$connections': {
        value: {
          azuresentinel: {
            connectionId: sentinelConnection.id
            connectionName: sentinelConnection.name
            id: subscriptionResourceId('Microsoft.Web/locations/managedApis', '${location}/azuresentinel')
            connectionProperties: {
              authentication: {
                type: 'ManagedServiceIdentity'
              }
            }
          }
        }
      }
    }
    definition: {
      '$schema': 'https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#'
      contentVersion: '1.0.0.0'
      parameters: {
        '$connections': {
          type: 'Object'
          defaultValue: {}
        }
      }
      triggers: {
        Every_hour: {
          type: 'Recurrence'
          recurrence: {
            frequency: 'Hour'
            interval: 1
          }
        }
      }
      actions: {
        Which_are_resolved: {
          type: 'Http'
          inputs: {
            method: 'POST'
            uri: 'https://api.loganalytics.azure.com/v1/workspaces/${workspace.properties.customerId}/query'
            headers: {
              'Content-Type': 'application/json'
            }
            body: {
              query: hunt.query
              timespan: 'P30D'
            }
            authentication: {
              type: 'ManagedServiceIdentity'
              audience: 'https://api.loganalytics.io'
            }
          }
          runAfter: {}
        }
        Each_row: {
          type: 'Foreach'
          foreach: '@body(\'Which_are_resolved\')?[\'tables\'][0][\'rows\']'
          runAfter: {
            Which_are_resolved: [
              'Succeeded'
            ]
          }
          actions: {
            Close_the_incident: {
              type: 'ApiConnection'
              inputs: {
                host: {
                  connection: {
                    name: '@parameters(\'$connections\')[\'azuresentinel\'][\'connectionId\']'
                  }
                }
                method: 'put'
                path: '/Incidents'
                body: {
                  // Columns of the query in their order: number, name, title, URL, time, status, owner, reason, alert.
                  incidentArmId: '${workspace.id}/providers/Microsoft.SecurityInsights/Incidents/@{item()[1]}'
                  status: 'Closed'
                  classification: {
                    ClassificationAndReason: 'Undetermined'
                    ClassificationReasonText: 'mcp-auditd: alert @{item()[8]} is @{item()[5]}, by @{item()[6]}: @{item()[7]}'
                  }
                }
              }
              runAfter: {}
            }
          }
        }
      }
    }
  }
}

resource readsLogs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: workspace
  name: guid(workspace.id, playbook.name, readerRole)
  properties: {
    roleDefinitionId: readerRole
    principalId: playbook.identity.principalId
    principalType: 'ServicePrincipal'
  }
}

resource closesIncidents 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: workspace
  name: guid(workspace.id, playbook.name, responderRole)
  properties: {
    roleDefinitionId: responderRole
    principalId: playbook.identity.principalId
    principalType: 'ServicePrincipal'
  }
}
