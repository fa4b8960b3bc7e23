import { expect, it } from 'vitest'
import { fittingResults } from '../../../workers/retrace/report/space.ts'

const LARGE = '#0  main ()\n'.repeat(200_000)

it('writes all results where there is room, and small ones always', () => {
  const all = [['backtrace.json', LARGE], ['backtrace', LARGE]] as const
  expect(fittingResults(all, LARGE.length * 2)).toEqual({ files: all, lacking: [] })
  const small = [['backtrace', 'x'], ['outcome.json', '{}']] as const
  expect(fittingResults(small, -5)).toEqual({ files: small, lacking: [] })
})

it('leaves out what is told elsewhere, then cuts the text, and says of which', () => {
  const all = [['backtrace.json', LARGE], ['backtrace', LARGE], ['outcome.json', '{}']] as const
  expect(fittingResults(all, LARGE.length + 10).files.map(([name]) => name)).toEqual(['backtrace', 'outcome.json'])
  const { files, lacking } = fittingResults(all, 0)
  expect(files.reduce((sum, [, text]) => sum + text.length, 0)).toBeLessThan(1_048_576)
  expect(lacking).toEqual(['backtrace.json', 'backtrace'])
  expect(files[0]?.[1]).toMatch(/main \(\)\n\nNote: cut: the disk is nearly full\n$/)
})
