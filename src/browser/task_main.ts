/** The page of a task: live while it runs; threads, frames and copies on demand when it has ended. */
import { offerCopies } from './copying.ts'
import { element } from './dom.ts'
import { watch } from './live.ts'
import { openStacks } from './stacks.ts'

const task = element('task', HTMLElement)
offerCopies(task)
if (task.dataset.state === 'PENDING') watch(task.dataset.id ?? '')
else openStacks(task)
