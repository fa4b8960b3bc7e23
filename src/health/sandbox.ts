/** The sandbox: whether bubblewrap works here. */
import type { Config } from '../config/config.ts'
import { lowLimits } from '../process/own_limits.ts'
import { largestLimits, type LimitsOfTasks, tryWall } from '../process/trial.ts'
import { adviceOnSandbox } from '../process/wall_advice.ts'
import type { Look } from './look.ts'
import { reasonOf } from './reason.ts'
import { MIB } from '../units/bytes.ts'

/** Beside RETRACE_TASK_MEMORY_MB, and per second of RETRACE_TASK_TIMEOUT_S: workers/retrace asks for as much. */
const MORE_MB = 4096
const PROCESSOR_PER_CLOCK = 4

/** What the settings let a task ask for. */
export function limitsOfTasks(
  { taskMemoryMb, taskTimeoutS }: Pick<Config, 'taskMemoryMb' | 'taskTimeoutS'>,
): LimitsOfTasks {
  return { addressSpace: (taskMemoryMb + MORE_MB) * MIB, cpuS: taskTimeoutS * PROCESSOR_PER_CLOCK }
}

export const sandbox: Look = {
  what: 'sandbox',
  part: 'sandbox',
  isCostly: true,
  async question({ config }) {
    const tasks = limitsOfTasks(config)
    const low = lowLimits(largestLimits(tasks))
    if (low.length > 0) {
      const more = `raise it where the server is started (systemd: in the unit; a shell: ulimit -H)`
      return { verdict: 'FAIL', text: `sandboxes cannot have their limits: ${low.join('; ')}`, more }
    }
    try {
      await tryWall(tasks)
      return { verdict: 'ok', text: 'bubblewrap works' }
    } catch (error) {
      const reason = reasonOf(error)
      return { verdict: 'FAIL', text: 'bubblewrap does not work', more: `${reason}: ${adviceOnSandbox(reason)}` }
    }
  },
}
