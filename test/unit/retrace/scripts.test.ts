/** What answers inside gdb: gdb sources all of it into one namespace. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { installationRoot } from '../../../src/program/program.ts'
import { gdbArguments } from '../../../workers/retrace/gdb/arguments.ts'

const FOLDER = join(installationRoot(), 'workers/retrace/root/scripts')
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.py'))

describe('the scripts inside gdb', () => {
  it('are all loaded', () => {
    const loaded = gdbArguments({ threadLibrary: undefined }).flatMap((each) =>
      /^source .*\/(.*)$/.exec(each)?.[1] ?? []
    )
    expect(loaded.toSorted()).toEqual(files.toSorted())
  })

  it('define no name twice: the second one would be what the first one means, too', () => {
    const owners = new Map<string, string[]>()
    for (const file of files) {
      const text = readFileSync(join(FOLDER, file), 'utf8')
      const names = [...text.matchAll(/^(?:def|class) (\w+)|^(\w+(?:, \w+)*) = /gm)].flatMap(([, one, some]) =>
        one === undefined ? some?.split(', ') ?? [] : [one]
      )
      for (const name of new Set(names)) owners.set(name, [...owners.get(name) ?? [], file])
    }
    expect(owners.size).toBeGreaterThan(100)
    expect([...owners].filter(([, all]) => all.length > 1)).toEqual([])
  })
})
