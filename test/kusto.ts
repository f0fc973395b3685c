/** Kusto queries parsed and bound by Microsoft's own language service: what is wrong with one, and which columns it answers. */
import { createRequire } from 'node:module'

interface List<T> {
  readonly Count: number
  getItem(at: number): T
}
interface ColumnSymbol {
  readonly Name: string
  readonly Type: { readonly Name: string }
}
interface Code {
  GetDiagnostics(): List<{
    readonly Severity: string
    readonly Code: string
    readonly Message: string
    readonly Start: number
  }>
  readonly ResultType: { readonly Columns?: List<ColumnSymbol> } | null
}
/** The parts of the package that are used; its code is compiled from C# and puts itself into the global scope. */
interface Language {
  readonly KustoCode: { ParseAndAnalyze(text: string, globals: unknown): Code }
  readonly GlobalState: { readonly Default: { WithDatabase(database: unknown): unknown } }
  readonly Symbols: {
    readonly TableSymbol: { readonly $ctor7: new (name: string, schema: string, description: string) => unknown }
    readonly FunctionSymbol: {
      readonly $ctor16: new (name: string, parameters: string, body: string, description: string) => unknown
    }
    readonly DatabaseSymbol: { readonly ctor: new (name: string, members: readonly unknown[]) => unknown }
  }
}
const require = createRequire(import.meta.url)
require('@kusto/language-service-next/bridge.js')
require('@kusto/language-service-next/Kusto.Language.Bridge.js')
const { Language } = (globalThis as unknown as { readonly Kusto: { readonly Language: Language } }).Kusto

export interface KustoColumn {
  readonly name: string
  readonly type: string
}
export interface KustoFunction {
  readonly name: string
  /** `a:string, b:long = 1` */
  readonly parameters: string
  readonly body: string
}
export interface KustoDatabase {
  readonly tables: Readonly<Record<string, readonly KustoColumn[]>>
  readonly functions: readonly KustoFunction[]
}
export interface Analyzed {
  /** `KS142 The name 'x' does not …, at 17`, errors and warnings alike. */
  readonly diagnostics: readonly string[]
  readonly columns: readonly KustoColumn[]
}

/** `real` of a data collection rule, `bool` of Kusto and so on are spelled as Kusto spells them in schemas. */
const schemaType = (type: string): string => (type === 'boolean' ? 'bool' : type === 'dateTime' ? 'datetime' : type)
const listed = <T>(list: List<T>): readonly T[] => Array.from({ length: list.Count }, (_, at) => list.getItem(at))

export function kusto(database: KustoDatabase): (query: string) => Analyzed {
  const { TableSymbol, FunctionSymbol, DatabaseSymbol } = Language.Symbols
  const tables = Object.entries(database.tables).map(([name, columns]) => {
    const schema = columns.map((column) => `${column.name}:${schemaType(column.type)}`).join(', ')
    return new TableSymbol.$ctor7(name, `(${schema})`, '')
  })
  const functions = database.functions.map(
    ({ name, parameters, body }) => new FunctionSymbol.$ctor16(name, `(${parameters})`, `{ ${body}\n}`, ''),
  )
  const globals = Language.GlobalState.Default.WithDatabase(
    new DatabaseSymbol.ctor('Workspace', [...tables, ...functions]),
  )
  return (query) => {
    const code = Language.KustoCode.ParseAndAnalyze(query, globals)
    const found = code.GetDiagnostics()
    const columns = code.ResultType?.Columns
    return {
      diagnostics: listed(found).map((one) => `${one.Code} ${one.Message}, at ${one.Start}`),
      columns: columns === undefined ? [] : listed(columns).map(({ Name, Type }) => ({ name: Name, type: Type.Name })),
    }
  }
}
