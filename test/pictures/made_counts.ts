/** Counts of a month of crashes, for a picture of /stats: the same each time. */
import type { Database } from '../../src/database/database.ts'
import { countOnce } from '../../src/runner/crash_table.ts'
import { addPackage, addRepository } from '../helpers/index_rows.ts'

const HOUR_S = 3600
const RELEASES = ['debian-12-amd64', 'fedora-40-x86_64', 'ubuntu-24.04-amd64', 'debian-12-arm64']
const PACKAGES = [
  'python3.11-minimal',
  'gnome-shell',
  'firefox-esr',
  'bash',
  'systemd',
  'libreoffice-core',
  'nautilus',
  'gimp',
]
const OUTCOMES = ['ok', 'ok', 'ok', 'ok-partial', 'debuginfo-missing', 'core-truncated', 'fetch-failed']
const MISSING = ['libffi.so.8.1.2', 'libexpat.so.1.8.10', 'libz.so.1.2.13']

/** `now`: Unix seconds. */
export function makeCounts(database: Database, { tasks, now }: { tasks: number; now: number }): void {
  const random = randomNumbers(1)
  const pick = (from: readonly string[]) => from[Math.floor(from.length * random() * random())] ?? ''
  for (const release of RELEASES) {
    const { releaseId, repositoryId } = addRepository(database, { release, suite: release })
    for (const name of PACKAGES) {
      addPackage(database, {
        name,
        releaseId,
        repositoryId,
        folder: name,
        kept: now,
        keptBytes: Math.floor(random() * 5e7),
        used: now,
      })
    }
  }
  const lastHour = Math.floor(now / HOUR_S) * HOUR_S
  database.transaction(() => {
    for (let id = 1; id <= tasks; id++) {
      const [release, name, debug] = [pick(RELEASES), pick(PACKAGES), 1 + 20 * random() ** 3]
      const number = Math.floor(40 * random() * random())
      const hour = lastHour - HOUR_S * Math.floor(24 * 29 * random() ** 0.7)
      const [file, signature] = [
        pick(MISSING),
        `1:${name.length}${number}`.padEnd(34, '9f7fb70fd894feda3f38281fae1a64e5'),
      ]
      countOnce(database, 1_000_000 + id, {
        hour,
        release,
        package: name,
        outcome: pick(OUTCOMES),
        signature,
        duphash: '',
      }, {
        hour,
        release,
        signature,
        sentence: `${name} of ${release} read address 0x0 in handler_${number} (main.c:${12 + number})`,
        seconds: {
          read: 0.02 + 0.02 * random(),
          resolve: 0.1 * random(),
          fetch: 5 * random() ** 4,
          assemble: 0.01,
          debug,
          report: 0.05,
          total: debug + 1,
        },
        packages: { here: 5, fetched: random() < 0.1 ? 3 : 0 },
        missing: random() < 0.2
          ? [{ package: `${file.split('.')[0]}_1_amd64`, file, buildId: '9f7fb70fd894feda', status: 'no-debuginfo' }]
          : [],
      })
    }
  })
}

/** Lehmer's numbers between 0 and 1. */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => (state = state * 16_807 % 2_147_483_647) / 2_147_483_647
}
