import { describe, expect, it } from 'vitest'
import { countModules, modulesJson } from '../../../workers/retrace/report/modules.ts'
import { moduleLine } from '../../../workers/retrace/words/module.ts'
import { resolvedModule } from '../../helpers/report_parts.ts'

const stripped = resolvedModule({ status: 'no-debuginfo', debug: undefined, tried: ['p 1.0 has no debuginfo package'] })

describe('modules.json', () => {
  it('counts modules by status, without the vdso, which no package holds', () => {
    const missing = resolvedModule({ status: 'missing', binary: undefined, debug: undefined })
    const vdso = resolvedModule({ status: 'not-applicable', binary: undefined, debug: undefined })
    expect(countModules([resolvedModule(), stripped, missing, vdso]))
      .toEqual({ total: 3, exact: 1, by_path: 0, no_debuginfo: 1, missing: 1, mismatch: 0 })
  })

  it('shows no path of the server', () => {
    expect(modulesJson([resolvedModule()])).not.toContain('/repo')
  })
})

describe('moduleLine()', () => {
  it('names the status, the module, its package and what was tried', () => {
    expect(moduleLine(stripped)).toBe(
      'no-debuginfo /usr/bin/p (p_1.0_amd64), build-id ab: p 1.0 has no debuginfo package',
    )
  })
})
