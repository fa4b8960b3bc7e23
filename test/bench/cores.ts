/**
 * Cores of unusual size, and one of each architecture, through reading, assembling, debugging and reporting in this
 * process (the program's own start, some 0.3 s, and the look-up of packages are not in it): wall seconds beside plain
 * gdb, which writes the backtrace only, the most memory that gdb held, the size of the text.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { ARCHITECTURES } from '../../src/elf/architecture.ts'
import { crash, fixtureCore, fixtureFiles, kernelWritesCoresHere } from '../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { compileFixture, plainGdb } from '../helpers/oracle.ts'
import { copyModules, retraceIn } from '../helpers/retrace.ts'
import { absolute, against, alternate, type Figure } from './figure.ts'
import { GOALS } from './goals.ts'

interface Extreme {
  name: string
  file: string
  options: string[]
  args: string[]
  goals: { ratio: number; mb: number; kb: number }
}

const EXTREMES: Extreme[] = [
  {
    name: 'threads-1500',
    file: 'threads.c',
    options: ['-O1', '-pthread'],
    args: ['1500'],
    goals: { ratio: GOALS['retrace-threads-1500-over-gdb'], mb: 300, kb: 4096 },
  },
  { name: 'frames-29000', file: 'overflow.c', options: ['-O0'], args: [], goals: { ratio: 1.5, mb: 200, kb: 1024 } },
  { name: 'sparse-4gb', file: 'walk.c', options: ['-O1'], args: ['big'], goals: { ratio: 2, mb: 150, kb: 64 } },
]

/** A crash of CPython with as many libraries as a desktop program has, of which its stacks lead into few. */
const LIBRARIES = 140
const NO_LIBRARIES = ['asan', 'tsan', 'lsan', 'ubsan', 'memory_usage', 'libc.so', 'malloc']
const LOADING = `
import ctypes, glob, os
paths = sorted(path for path in glob.glob('/usr/lib/*-linux-gnu/*.so.*') if not os.path.islink(path))
left = ${LIBRARIES}
for path in paths:
    if left > 0 and not any(name in path for name in ${JSON.stringify(NO_LIBRARIES)}):
        try: ctypes.CDLL(path); left -= 1
        except OSError: pass
ctypes.string_at(0)`
const GOAL_OF_MODULES = 0.8

const GOAL_PER_ARCHITECTURE_S = 1

export async function* coreFigures(): AsyncGenerator<Figure> {
  await using folder = await temporaryFolder()
  if (kernelWritesCoresHere()) {
    for (const extreme of EXTREMES) yield* extremeFigures(folder, extreme)
    yield* libraryFigures(folder)
  }
  for (const { name } of ARCHITECTURES) {
    const root = folder.file(name)
    mkdirSync(root)
    const { core } = fixtureCore(name, root)
    fixtureFiles(name, root)
    await retraceIn(core, root) // so that the page cache holds the files
    const { seconds } = await measured(core, root)
    yield absolute(`retrace-${name}`, seconds, { unit: 's', goal: GOAL_PER_ARCHITECTURE_S })
  }
}

async function* extremeFigures(
  folder: Folder,
  { name, file, options, args, goals }: Extreme,
): AsyncGenerator<Figure> {
  const program = compileFixture(folder.path, file, name, options)
  const core = crash(folder.path, program, args)
  const root = folder.file(`${name}-root`)
  copyModules(core, root)
  let [peakMb, length] = [0, 0]
  const ours = async () => {
    const { retraced } = await measured(core, root)
    peakMb = Math.max(peakMb, retraced.debugged.peakMb)
    length = retraced.text.length
  }
  const times = await alternate(ours, () => Promise.resolve(plainGdb(program, core)))
  yield against(`retrace-${name}-over-gdb`, times, { unit: 's', goal: goals.ratio })
  yield absolute(`retrace-${name}-gdb-memory`, peakMb, { unit: 'MiB', goal: goals.mb })
  yield absolute(`retrace-${name}-text`, length / 1024, { unit: 'KiB', goal: goals.kb })
  rmSync(core)
}

async function* libraryFigures(folder: Folder): AsyncGenerator<Figure> {
  const program = '/usr/bin/python3.11'
  const core = crash(folder.path, program, ['-c', LOADING])
  const root = folder.file('libraries-root')
  copyModules(core, root)
  const times = await alternate(() => measured(core, root), () => Promise.resolve(plainGdb(program, core)))
  yield against('retrace-140-libraries-over-gdb', times, { unit: 's', goal: GOAL_OF_MODULES })
}

async function measured(core: string, root: string) {
  const began = performance.now()
  const retraced = await retraceIn(core, root, { hostDebug: true })
  return { retraced, seconds: (performance.now() - began) / 1000 }
}
