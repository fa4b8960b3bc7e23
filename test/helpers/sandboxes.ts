/**
 * Every sandbox of the product, made by its own maker with the arguments that it is made with: a new name in the list of
 * src/process/programs.ts does not compile before it stands here. What runs in them is then replaced by a probe.
 */
import { Buffer } from 'node:buffer'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decoderSandbox } from '../../src/decoder/decoder.ts'
import { debMembersSandbox } from '../../src/packages/deb/members.ts'
import { debugSectionsSandbox } from '../../src/packages/keep/decompress_debug.ts'
import { rpmMembersSandbox } from '../../src/packages/rpm/members.ts'
import { packageSignatureSandbox } from '../../src/packages/rpm/package_signature.ts'
import { signatureSandbox } from '../../src/packages/verify/signature.ts'
import type { SandboxName } from '../../src/process/programs.ts'
import { trialSandbox } from '../../src/process/trial.ts'
import type { Sandbox } from '../../src/process/wall.ts'
import { type Engine, hostEngine } from '../../workers/retrace/gdb/engine.ts'
import { indexSandbox } from '../../workers/retrace/indexing/index_sandbox.ts'
import { emptySandbox } from './retrace.ts'

/** Makes the sandboxes of a name. `folder`: an empty one, in which what they show is made. */
export const SANDBOX_MAKERS: Record<SandboxName, (folder: string) => Sandbox[]> = {
  'decoder': () => [decoderSandbox('xz'), decoderSandbox('zstd'), decoderSandbox('bzip2'), decoderSandbox('lz4')],
  'index-signature': (folder) => {
    const [keys = '', text = '', signature = ''] = files(folder, 'keys.gpg', 'text', 'signature')
    return [signatureSandbox(keys, { text, signature: undefined }), signatureSandbox(keys, { text, signature })]
  },
  'package-signature': (folder) => {
    const [keys = '', packageFile = ''] = files(folder, 'keys.asc', 'package.rpm')
    const database = join(folder, 'db')
    mkdirSync(database)
    const all = { keys, package: packageFile, database }
    return [packageSignatureSandbox(all, ['--checksig', '--verbose', '/in/package.rpm'])]
  },
  'deb-members': (folder) => files(folder, 'package.deb').map(debMembersSandbox),
  'rpm-members': () => [rpmMembersSandbox()],
  'debug-sections': (folder) => {
    files(folder, 'one.debug')
    return [debugSectionsSandbox(folder, ['/work/one.debug'])]
  },
  'debugger': () => [emptySandbox()],
  'debug-index': (folder) => {
    const engine = hostEngine()
    return engine === undefined ? [] : [indexing(engine, folder)]
  },
  'trial': () => [trialSandbox()],
}

function indexing(engine: Engine, folder: string): Sandbox {
  mkdirSync(join(folder, 'release', 'package'), { recursive: true })
  const at = { release: 'release', folder: 'package', path: '/a.debug' }
  const of = { id: 1, ...at, buildId: Buffer.of(1), altBuildId: null, size: 0 }
  const output = join(folder, 'new')
  mkdirSync(output)
  const limits = { memoryMb: 512, seconds: 60 }
  return indexSandbox(engine, { of, dwz: undefined, folder: output }, { repoDir: folder, limits })
}

function files(folder: string, ...names: string[]): string[] {
  return names.map((name) => {
    const path = join(folder, name)
    writeFileSync(path, name, { mode: 0o600 })
    return path
  })
}
