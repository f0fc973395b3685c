/** Which line of a row is sealed that an earlier owner has stored. */
import { ROW_COLUMNS } from '../../schemas/row.ts'
import { canonicalLineOf } from './row-facts.ts'

/** What a later version of rules or inventory may say otherwise: the columns behind `fields`, up to the position. */
const ENRICHMENT_FROM = ROW_COLUMNS.findIndex(([name]) => name === 'server_owner')
const ENRICHMENT_COLUMNS = ROW_COLUMNS.findIndex(([name]) => name === 'position_log') - ENRICHMENT_FROM

/**
 * The stored one, when it is what we would have stored but for enrichment: rules may have been reloaded in between, and the row that is
 * stored wins. Else our own: nobody else could have written anything different there, so the chain must not vouch for it.
 */
export function chosenLine(built: string, offset: number, index: number, stored: readonly string[]): string {
  const tail = `,${offset},${index}]`
  const here = stored.filter((line) => line.endsWith(tail))
  const canonical = canonicalLineOf(built)
  if (here.length === 0 || here.includes(canonical)) return canonical
  const wanted = withoutEnrichment(canonical)
  return here.find((line) => withoutEnrichment(line) === wanted) ?? canonical
}

function withoutEnrichment(line: string): string {
  const row = JSON.parse(line) as unknown[]
  row.splice(ENRICHMENT_FROM, ENRICHMENT_COLUMNS)
  return JSON.stringify(row)
}
