import { describe, expect, it } from 'vitest'
import { judgeSync } from '../../../src/health/sync.ts'
import type { RepositorySummary } from '../../../src/packages/index/summary.ts'

const NOW = new Date('2026-03-10T12:00:00Z')
const hoursAgo = (hours: number) => NOW.getTime() / 1000 - hours * 3600

function release(change: Partial<RepositorySummary>): RepositorySummary {
  const none = { known: 0, gone: 0, here: 0, bytes: 0, failing: 0, error: null }
  return { release: 'debian-12-amd64', repositories: 1, synced: hoursAgo(1), ...none, ...change }
}

describe('judgeSync()', () => {
  it.each(
    [
      ['no repository is known', [], 'warn', true, /^no repository is known yet$/],
      ['none is configured any more', [release({ repositories: 0, synced: null })], 'warn', true, /^no repository/],
      [
        'one was never synced',
        [release({}), release({ synced: null })],
        'warn',
        false,
        /never synced: run abrt-reposync$/,
      ],
      [
        'all are fresh',
        [release({}), release({ synced: hoursAgo(47) })],
        'ok',
        true,
        /was at 2026-03-08T13:00:00.000Z$/,
      ],
      [
        'one is stale',
        [release({}), release({ synced: hoursAgo(49) })],
        'warn',
        false,
        /too long ago: run abrt-reposync$/,
      ],
      ['one failed since', [release({ failing: 2, error: 'x' })], 'warn', true, /was at 2026-03-10T11/],
    ] as const,
  )('judges when %s', (_, releases, verdict, ready, text) => {
    const found = judgeSync(releases, NOW)
    expect(found).toMatchObject({ verdict, text: expect.stringMatching(text) })
    expect(found.ready ?? true).toBe(ready)
  })

  it('tells the administrator how many repositories failed', () => {
    expect(judgeSync([release({ failing: 2 }), release({ failing: 1 })], NOW).more).toMatch(/^3 of them failed/)
  })
})
