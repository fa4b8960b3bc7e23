/** Where slim cores can be made. */
import { build } from 'esbuild'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { installationRoot } from '../../../src/program/program.ts'

describe('src/slim', () => {
  it('needs no module of Node, so that it runs in a browser', async () => {
    const { outputFiles, metafile } = await build({
      entryPoints: [join(installationRoot(), 'src', 'slim', 'slim.ts')],
      bundle: true,
      platform: 'browser',
      format: 'esm',
      write: false,
      metafile: true,
    })
    const imports = Object.values(metafile.inputs).flatMap((input) => input.imports).filter(({ external }) => external)
    expect(imports).toEqual([])
    expect(outputFiles[0]?.text).toContain('slimCore')
  })
})
