/** Whether V8 takes the worker's code cache (ops/lib/start.cjs): it is silent about one that it throws away. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { installationRoot } from '../../src/program/program.ts'

/** Flags of Node that the worker starts with. */
export function workerFlags(): string[] {
  const text = readFileSync(join(installationRoot(), 'ops/bin/abrt-retrace-worker'), 'utf8')
  const flags = /^exec "\$node" (.*) "\$root/m.exec(text)?.[1]?.split(' ') ?? []
  if (flags.some((flag) => !flag.startsWith('--'))) throw new Error(`Expected flags, got ${flags.join(' ')}`)
  return flags
}

/**
 * As ops/lib/start.cjs compiles: V8 says whether what is behind the two digests is of its kind, and of this text. A script for
 * `node -e` that says 'taken' or 'thrown away' of that of an installation.
 */
export function isTaken(home: string): string {
  return `const { readFileSync } = require('node:fs')
  const bundle = ${JSON.stringify(`${home}/dist/bundle/abrt-retrace-worker`)}
  const text = readFileSync(bundle + '.cjs', 'latin1')
  const source = '(function (exports, require, module, __filename, __dirname) {' + text + '\\n})'
  const cachedData = readFileSync(bundle + '.cache').subarray(64)
  const { cachedDataRejected } = new (require('node:vm').Script)(source, { filename: bundle + '.cjs', cachedData })
  console.log(cachedDataRejected === false ? 'taken' : 'thrown away')`
}
