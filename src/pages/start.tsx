/** GET / for people: what this is, and how a core gets here. Pure. */
import { count } from '../text/count.ts'
import { LoginForm } from './login.tsx'
import { page, type Site } from './shell.tsx'

export interface StartProps {
  readonly script: string | undefined
  readonly worker: string | undefined
  /** The address of the server, as its administrator names it. */
  readonly url: string
  readonly maxPackedMb: number
  readonly maxUnpackedMb: number
  readonly maxRunningTasks: number
  readonly taskTimeoutS: number
  readonly deleteAfterDays: number
}

export function startPage(site: Site, props: StartProps): string {
  return page({
    site,
    title: 'Retrace server',
    script: props.script,
    current: 'start',
    children: (
      <>
        <h1>A coredump in, a backtrace out</h1>
        <p class='lead'>
          Give this server the coredump of a crashed program, and it answers with function names, source lines and
          values. It holds the debuginfo, so that your machine needs none.
        </p>
        <Upload {...props} />
        <section aria-labelledby='terminal'>
          <h2 id='terminal'>From a terminal</h2>
          <p>On the machine of the crash, where the release and the packages are known:</p>
          <pre tabindex={0}><code>{`retrace --server ${props.url} --last`}</code></pre>
          <details>
            <summary>With curl</summary>
            <p>A coredump, watched while the backtrace is made:</p>
            <pre tabindex={0}><code>{`xz -2 -k core
curl --data-binary @core.xz -H 'Content-Type: application/x-core' -H 'Content-Encoding: xz' \\
  --include --no-buffer ${props.url}/create`}</code></pre>
            <p>Or with what is known of it, to be asked for later:</p>
            <pre tabindex={0}><code>{`tar c coredump architecture release packages | xz -2 > crash.tar.xz
curl --data-binary @crash.tar.xz -H 'Content-Type: application/x-xz' -H 'Prefer: respond-async' \\
  --include ${props.url}/create`}</code></pre>
          </details>
        </section>
        <section aria-labelledby='open'>
          <h2 id='open'>Open a task</h2>
          <LoginForm id={undefined} />
        </section>
        <section aria-labelledby='limits'>
          <h2 id='limits'>Limits</h2>
          <dl class='facts'>
            <dt>Sent</dt>
            <dd>{props.maxPackedMb} MiB, compressed</dd>
            <dt>Unpacked</dt>
            <dd>{props.maxUnpackedMb} MiB</dd>
            <dt>At once</dt>
            <dd>{count(props.maxRunningTasks, 'task')}, {count(props.taskTimeoutS, 'second')} for each</dd>
            <dt>Kept</dt>
            <dd>{count(props.deleteAfterDays, 'day')}, or until you delete it</dd>
          </dl>
        </section>
      </>
    ),
  })
}

/** There from the first, so that nothing moves when its script comes; the style hides it where there are none. */
function Upload({ script, worker, maxPackedMb, maxUnpackedMb }: StartProps) {
  return (
    <section
      id='upload'
      class='card'
      aria-labelledby='send'
      hidden={script === undefined}
      data-worker={worker}
      data-packed={maxPackedMb}
      data-unpacked={maxUnpackedMb}
    >
      <h2 id='send'>Send a core</h2>
      <div id='drop' class='drop'>
        <p>
          <label for='file' class='button'>Choose a coredump or an archive</label>
          <input id='file' type='file' class='hidden-input' />
          <span class='or'>or drop it here</span>
        </p>
        <p class='quiet'>
          A core as the kernel wrote it, or packed by gzip, xz or zstd; a tar of coredump, architecture, release and
          packages.
        </p>
      </div>
      <div id='chosen' hidden>
        <p id='about' class='about'></p>
        <fieldset id='ways' hidden>
          <legend>What is sent</legend>
          <p>
            <label>
              <input type='radio' name='way' value='slim' checked /> What a backtrace needs{' '}
              <span id='slim-size' class='quiet'></span>
            </label>
          </p>
          <p>
            <label>
              <input type='radio' name='way' value='whole' /> The whole core <span id='whole-size' class='quiet'></span>
            </label>
          </p>
          <details>
            <summary>What is left of it</summary>
            <table id='kinds'>
              <thead>
                <tr>
                  <th scope='col'>Memory</th>
                  <th scope='col' class='number'>Size</th>
                </tr>
              </thead>
              <tbody></tbody>
            </table>
          </details>
        </fieldset>
        <p>
          <label>
            <input id='consent' type='checkbox' />{' '}
            A coredump holds what was in the program's memory: perhaps passwords, keys, mail. I may send it, and I trust
            whoever runs this server.
          </label>
        </p>
        <p class='actions'>
          <button id='send-button' type='button' disabled>Send</button>
          <button id='cancel-button' type='button' class='plain' hidden>Cancel</button>
        </p>
        <p id='progress-row' hidden>
          <label for='progress'>Progress</label>
          <progress id='progress' max={100} value={0}></progress>
        </p>
      </div>
      <p id='said' role='status' aria-live='polite'></p>
      <p id='trouble' role='alert' class='trouble'></p>
    </section>
  )
}
