/** A real gdb that fails where a test wants it to: with some Python that takes the place of a part of its scripts. */
import { type Engine, hostEngine } from '../../workers/retrace/gdb/engine.ts'

/** `python`: run after the scripts of workers/retrace/root, in the same namespace; by default in this machine's own gdb. */
export function brokenGdb(python: string, name = 'broken', engine = ownGdb()): Engine {
  const [program = ''] = engine.command
  const line = `python exec(${JSON.stringify(`import os, time\n${python}`)})`
  return {
    ...engine,
    name,
    command: ['/sh', '-c', `exec ${program} "$@" -iex "$0"`, line],
    sees: { ...engine.sees, binds: [...engine.sees.binds, { from: '/usr/bin/dash', at: '/sh' }] },
  }
}

function ownGdb(): Engine {
  const engine = hostEngine('/usr/bin/gdb-multiarch')
  if (engine === undefined) throw new Error('There is no gdb-multiarch on this machine: run ops/setup')
  return engine
}

/**
 * Python that does something before a function of the scripts does its work, when a condition on `arguments` and on the
 * selected thread's `number` holds.
 */
export function before(name: string, condition: string, action: string): string {
  return `
def before_${name.replace('.', '_')}(real):
    def broken(*arguments, **named):
        number = gdb.selected_thread().num
        if ${condition}:
            ${action}
        return real(*arguments, **named)
    return broken
${name} = before_${name.replace('.', '_')}(${name})
`
}

/** What a gdb does that crashes, that loops, and that loops in a place where it cannot be interrupted. */
export const DIES = 'os.abort()'
export const HANGS = 'exec("while True: pass")'
export const IS_STUCK = 'exec("while True:\\n try: time.sleep(99)\\n except BaseException: pass")'

/** One that takes longer than it may, comes to its end as it is interrupted, and hears of that in the question behind it. */
export const INTERRUPTED_LATE = before(
  'answer_libraries',
  'True',
  'exec("try: time.sleep(99)\\nexcept KeyboardInterrupt: pass")',
) + before('answer_threads', 'True', 'raise KeyboardInterrupt')
