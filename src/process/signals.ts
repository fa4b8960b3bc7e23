/**
 * Signals to processes, by one policy: ESRCH means that the process has ended, which is what was wanted; every other
 * error is thrown. The caller must know that the number still belongs to the process that it means (start.ts sends none
 * after its child was reaped).
 */
import { kill } from 'node:process'
import { errnoOf } from '../errors/errno.ts'
import { ProgramError } from './error.ts'
import { statOf } from './proc.ts'

/** SIGKILL to a whole process group; false when nothing of it was left. Throws ProgramError 'not-ended'. */
export function endGroup(leader: number): boolean {
  return send(-leader, 'SIGKILL')
}

/**
 * SIGKILL to what the leader of a group left behind when it ended. The kernel gives a number away again only when
 * no process has it for its group, so a process of that number is a stranger, and the group then has no member of ours.
 */
export function endOrphans(leader: number): boolean {
  return statOf(leader) === undefined && endGroup(leader)
}

/** SIGKILL to one process; false when it was gone. Throws ProgramError 'not-ended'. */
export function endProcess(pid: number): boolean {
  return send(pid, 'SIGKILL')
}

/** SIGINT to one process; false when it was gone. */
export function interrupt(pid: number): boolean {
  return send(pid, 'SIGINT')
}

function send(target: number, signal: 'SIGKILL' | 'SIGINT'): boolean {
  try {
    return kill(target, signal)
  } catch (cause) {
    if (errnoOf(cause) === 'ESRCH') return false
    throw new ProgramError('not-ended', `${signal} to process ${target} was refused (${errnoOf(cause)})`, { cause })
  }
}
