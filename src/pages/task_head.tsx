/** What the page of a task has above all: what it is called, who may come along, and how to get rid of it. Pure. */
import type { JSX } from 'hono/jsx/jsx-runtime'
import { line } from './shell.tsx'

export interface TaskHeadProps {
  readonly id: string
  readonly password: string
  readonly isRunning: boolean
}

/** A form for each, so that nothing needs a script. */
export function TaskActions({ id, password, isRunning }: TaskHeadProps): JSX.Element {
  return (
    <section class='task-actions' aria-label='This task'>
      <details class='share'>
        <summary>Share</summary>
        <p>
          Who has the address of this page and this password sees the task. The password is never part of an address.
        </p>
        <p>
          <code id='password'>{line(password)}</code>{' '}
          <button type='button' class='plain' data-copy='password' hidden>Copy the password</button>
        </p>
      </details>
      <form method='post' action={`${id}/leave`}>
        <button type='submit' class='plain'>Leave</button>
      </form>
      <details class='delete'>
        <summary>{isRunning ? 'Cancel and delete' : 'Delete'}</summary>
        <form method='post' action={`${id}/delete`}>
          <p>The core, the log and the backtrace are gone then, for everybody.</p>
          <button type='submit' class='danger'>{isRunning ? 'Cancel and delete it' : 'Delete it'}</button>
        </form>
      </details>
      <p id='copied' role='status' aria-live='polite' class='quiet'></p>
    </section>
  )
}
