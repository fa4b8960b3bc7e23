/** The page of a task that waits or runs: its steps, its place in the queue, its log as it grows. Pure. */
import { count } from '../text/count.ts'
import { line, page, type Site } from './shell.tsx'
import { TaskActions } from './task_head.tsx'

export interface ProgressProps {
  readonly id: string
  readonly password: string
  readonly script: string | undefined
  /** `queued`, `start` or a step. */
  readonly step: string
  readonly steps: readonly string[]
  readonly place: number | undefined
  /** Seconds until it starts, where it waits. */
  readonly startsIn: number | undefined
  /** Seconds that it waits at most for memory that its debugger missed. */
  readonly memoryWait: number | undefined
  /** Seconds that it is expected to take once it runs. */
  readonly estimate: number
  readonly lastLine: string | undefined
}

const MEANINGS: Readonly<Record<string, string>> = {
  queued: 'Waiting',
  start: 'Starting',
  read: 'Reading the core',
  resolve: 'Finding its files',
  fetch: 'Fetching packages',
  assemble: 'Putting them together',
  debug: 'Running the debugger',
  report: 'Writing the report',
}
const REFRESH_S = 5

export function progressPage(site: Site, props: ProgressProps): string {
  const { id, script, step, steps, place, startsIn, memoryWait, estimate, lastLine } = props
  const all = ['queued', 'start', ...steps]
  const at = all.indexOf(step)
  return page({
    site,
    title: `Task ${id}: ${MEANINGS[step] ?? step}`,
    script,
    refresh: REFRESH_S,
    children: (
      <div id='task' data-id={id} data-state='PENDING'>
        <div class='title-row'>
          <h1>Task {id}</h1>
          <TaskActions {...props} isRunning />
        </div>
        <p id='now' class='lead' role='status' aria-live='polite'>
          {memoryWait !== undefined
            ? `Waits up to ${
              count(memoryWait, 'second')
            } for further memory from the sender, which the debugger missed.`
            : place === undefined
            ? `${MEANINGS[step] ?? step}.`
            : `At place ${place} of the queue, expected to start in ${count(startsIn ?? 0, 'second')}.`}
        </p>
        <p class='quiet'>Tasks like this one take about {count(estimate, 'second')}.</p>
        <ol id='steps' class='steps' aria-label='Steps'>
          {all.map((name, index) => (
            <li
              data-step={name}
              class={index < at ? 'done' : index === at ? 'now' : ''}
              aria-current={index === at ? 'step' : undefined}
            >
              {MEANINGS[name]}
            </li>
          ))}
        </ol>
        <p id='connection' class='notice' role='status' hidden></p>
        <section id='live-stack' aria-labelledby='live-stack-title' hidden>
          <h2 id='live-stack-title'>The crashed thread</h2>
          <ol class='plain-frames' tabindex={0} aria-label='Frames as they come'></ol>
        </section>
        <section aria-labelledby='log-title'>
          <h2 id='log-title'>Log</h2>
          <pre
            id='log'
            class='log'
            role='log'
            tabindex={0}
            aria-label='Log'
          >{lastLine === undefined ? '' : `${line(lastLine)}\n`}</pre>
        </section>
      </div>
    ),
  })
}
