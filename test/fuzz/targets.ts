/** All that is fuzzed, by name. A target's inputs that were found once lie in test/fixtures/fuzz/NAME. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { installationRoot } from '../../src/program/program.ts'
import type { Target } from './target.ts'
import * as configuration from './targets/configuration.ts'
import * as core from './targets/core.ts'
import * as crash from './targets/crash.ts'
import * as debuggers from './targets/debugger.ts'
import * as indices from './targets/indices.ts'
import * as rounds from './targets/rounds.ts'
import * as upload from './targets/upload.ts'

export const TARGETS: Readonly<Record<string, Target>> = {
  ...core,
  ...upload,
  ...indices,
  ...configuration,
  ...debuggers,
  ...crash,
  ...rounds,
}

/** Inputs that a reader once did something wrong with. */
export function findsOf(name: string): { file: string; input: Uint8Array }[] {
  const folder = join(installationRoot(), 'test/fixtures/fuzz', name)
  const files = existsSync(folder) ? readdirSync(folder).sort() : []
  return files.map((file) => ({ file, input: readFileSync(join(folder, file)) }))
}
