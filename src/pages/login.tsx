/** The form that asks for a task's password. Pure. */
import type { JSX } from 'hono/jsx/jsx-runtime'
import { line, page, type Site } from './shell.tsx'

export interface LoginProps {
  /** Of the task; undefined: it is asked for, too. */
  readonly id: string | undefined
  /** Why it is asked again. */
  readonly complaint: string | undefined
  /** The browser came from another site, and so sent no cookie, if it has one. */
  readonly isFromElsewhere: boolean
}

export function loginPage(site: Site, props: LoginProps): string {
  const { id, complaint, isFromElsewhere } = props
  return page({
    site,
    title: id === undefined ? 'Open a task' : `Password of task ${id}`,
    children: (
      <>
        <h1>{id === undefined ? 'Open a task' : `Task ${id}`}</h1>
        {complaint !== undefined && <p class='notice bad' role='alert'>{line(complaint)}</p>}
        <p>
          A task is private: it is shown to who has its password, which the server named when the core was sent. This
          page keeps you logged in to the one task by a cookie until you leave it or close the browser.
        </p>
        <LoginForm id={id} root={site.root} />
        {isFromElsewhere && id !== undefined && (
          <p>
            You came by a link of another site. If this browser has opened the task before,{' '}
            <a href={site.root + id}>go on</a>.
          </p>
        )}
      </>
    ),
  })
}

/** `id`: the task's, where it is known. */
export function LoginForm({ id, root = './' }: { id: string | undefined; root?: string }): JSX.Element {
  return (
    <form class='card login' method='post' action={`${root}open`}>
      {id === undefined
        ? (
          <p class='field'>
            <label for='task-id'>Number of the task</label>
            <input id='task-id' name='id' inputmode='numeric' pattern='[1-9][0-9]*' required autocomplete='off' />
          </p>
        )
        : <input type='hidden' name='id' value={id} />}
      <p class='field'>
        <label for='task-password'>Password</label>
        <input
          id='task-password'
          name='password'
          type='password'
          required
          maxlength={200}
          autocomplete='off'
          spellcheck={false}
        />
      </p>
      <p>
        <button type='submit'>Open the task</button>
      </p>
    </form>
  )
}
