/** Settings of clients: less is taken, more is not, and what forms an answer passes. */
import { describe, expect, it } from 'vitest'
import { checkParameterName, clientSettings, sqlText } from '../../../../connectors/clickhouse/client-settings.ts'
import { faultOf } from '../../../../connectors/clickhouse/failure.ts'

const OWN = { max_result_rows: 100, max_execution_time: 30, allow_ddl: 0, result_overflow_mode: 'throw' }
const codeOf = (given: Record<string, string>): number | undefined => {
  try {
    clientSettings(given, OWN)
    return undefined
  } catch (error) {
    return faultOf(error)?.code
  }
}

describe('clientSettings', () => {
  it('lowers limits and never raises one; zero means no limit, so ours stays', () => {
    expect(clientSettings({ max_result_rows: '7', max_execution_time: '0.5' }, OWN)).toMatchObject({
      max_result_rows: 7,
      max_execution_time: 0.5,
    })
    expect(clientSettings({ max_result_rows: '1000000', max_execution_time: '0' }, OWN)).toEqual(OWN)
    expect(clientSettings({ max_threads: '4000', max_rows_to_read: '9' }, OWN)).toMatchObject({
      max_threads: 16,
      max_rows_to_read: 9,
    })
  })
  it('takes what forms an answer and leaves out what belongs to the protocol', () => {
    const given = {
      output_format_json_quote_64bit_integers: '1',
      session_id: 'x',
      wait_end_of_query: '1',
      readonly: '2',
    }
    expect(clientSettings(given, OWN)).toEqual({ ...OWN, output_format_json_quote_64bit_integers: '1' })
  })
  it.each([
    'readonly',
    'allow_ddl',
    'result_overflow_mode',
    'timeout_overflow_mode',
    'output_format_schema',
    'output_format_image_width',
    'format_schema',
    'format_template_row',
    'constructor',
    '__proto__',
    'a b',
    'output_format_x = 1, allow_ddl',
    'output_format_x`',
    "output_format_' ",
  ])('refuses %s', (name) => {
    expect(codeOf(Object.fromEntries([[name, '0']]))).toBe(164)
  })
  it('refuses a limit that is no number', () => {
    for (const value of ['', 'x', '-1', '1e9', 'NaN', `${'9'.repeat(30)}`, "1, readonly = 0'"])
      expect(codeOf({ max_result_rows: value })).toBe(72)
  })
})
describe('texts in SQL', () => {
  it('stay texts', () => {
    expect(sqlText("it's \\ 'x'")).toBe("'it\\'s \\\\ \\'x\\''")
    for (const name of ['a b', '1a', '', 'x;DROP', 'a'.repeat(200)])
      expect(() => checkParameterName(name)).toThrow('parameter')
    expect(checkParameterName('from_day')).toBe('from_day')
  })
})
