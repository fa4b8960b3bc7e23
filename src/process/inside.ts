/**
 * Starts a program behind the wall. bubblewrap reads its arguments and the filter of system calls from descriptors, so
 * that no list of processes shows them.
 */
import { arch } from 'node:process'
import { seccompFilter } from './seccomp.ts'
import { ProgramError } from './error.ts'
import { watchMemory } from './memory_watch.ts'
import { type Handed, handOver, handOverPrivate, share, takeBackHanded } from './ownership.ts'
import { findProgram, STARTERS } from './search_path.ts'
import { Running, type StartOptions } from './start.ts'
import { watchTime } from './time_watch.ts'
import { watchTmp } from './tmp_watch.ts'
import { wallUser, wallUsers } from './users.ts'
import { type Sandbox, wallArguments, wallCommand } from './wall.ts'

export interface InsideOptions extends Omit<StartOptions, 'output' | 'environment' | 'sharesTerminal'> {
  /** Called with its number before bwrap has its arguments: what is done to it then holds for all that runs inside. */
  onStart?: (pid: number) => void
}

const FIRST_CHANNEL = 3

/**
 * Never throws because a program cannot be started: such a program has ended at once. Throws RangeError as
 * wallArguments() does, and for a machine whose system calls have no row in seccomp.ts.
 */
export async function startInside(
  sandbox: Sandbox,
  { onStart, channels = 0, input, ...options }: InsideOptions = {},
): Promise<Running> {
  const args = FIRST_CHANNEL + channels
  const bytes = wallArguments(sandbox).map((word) => `${word}\0`).join('')
  const { limits, makesLinks } = sandbox
  const filter = seccompFilter(arch, { isAlone: limits.processes === 1, makesLinks })
  const { users, handed } = await usersFor(sandbox)
  const running = new Running({
    title: sandbox.runs[0],
    words: wallCommand(sandbox, { args, seccomp: args + 1, users: args + 2 }),
    through: { programs: ['prlimit', 'bwrap'], what: `The sandbox of ${sandbox.runs[0]}` },
    ...(users instanceof ProgramError ? { impediment: users } : { given: [users] }),
    user: wallUser(),
  }, { ...options, input: input ?? 'open', channels: channels + 2 })
  // A pipe that has ended, and no device of the machine.
  if (input === undefined) running.input.end()
  if (handed.length > 0) running.ended.then(() => handed.forEach(takeBackHanded))
  if (sandbox.tmpBytes !== undefined) watchTmp(running, sandbox.tmpBytes)
  if (sandbox.limits.memory !== undefined) watchMemory(running, sandbox.limits.memory)
  watchTime(running, sandbox.limits.cpuS)
  if (running.pid !== undefined) onStart?.(running.pid)
  // Not before it has both: it waits for the end of each, which would come after all that the caller does in one turn.
  const told = [bytes, filter].map((each, at) =>
    new Promise<void>((done) => running.channels[channels + at]?.end(each, done))
  )
  await Promise.race([Promise.all(told), running.ended])
  return running
}

/** Of the reasons why there is no user for it the first one is the value. `handed`: what that user owns while it runs. */
async function usersFor(
  { binds, writable = [] }: Sandbox,
): Promise<{ users: number | ProgramError; handed: Handed[] }> {
  const handed: Handed[] = []
  // Each is started by another one, whose words would be about itself.
  const missing = STARTERS.find((name) => findProgram(name) === undefined)
  if (missing !== undefined) {
    const complaint = `${missing} is not installed, or may not be executed`
    return { users: new ProgramError('not-started', `The sandbox cannot be made: ${complaint}`, { complaint }), handed }
  }
  try {
    const users = await wallUsers()
    for (const { from, isPrivate, isShared } of binds) {
      if (isShared === true) share(from)
      const given = isPrivate === true ? handOverPrivate(from) : undefined
      if (given !== undefined) handed.push(given)
    }
    for (const { from } of writable) {
      handed.push({ path: from })
      handOver(from)
    }
    return { users, handed }
  } catch (cause) {
    const why = `The sandbox cannot be made (${cause instanceof Error ? cause.message : String(cause)})`
    return { users: cause instanceof ProgramError ? cause : new ProgramError('not-started', why, { cause }), handed }
  }
}
