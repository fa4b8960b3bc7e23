/** Stacks of Python and its like: of the crashed thread beside the C stack, of the others below. Pure. */
import type { JSX } from 'hono/jsx/jsx-runtime'
import type { Language, LanguageStack } from '../backtrace/report.ts'
import { line } from './shell.tsx'

const MAX_FRAMES = 200
const MAX_STACKS = 50

export function LanguageStacks(
  { languages, ofCrashed }: { languages: readonly Language[]; ofCrashed: boolean },
): JSX.Element {
  return (
    <>
      {languages.flatMap(({ name, missing, stacks }) => [
        ...stacks.filter(({ isCrashed }) => isCrashed === ofCrashed).slice(0, MAX_STACKS)
          .map((stack) => <Stack name={name} stack={stack} isOpen={ofCrashed} />),
        ...(ofCrashed && missing !== undefined ? [<p class='notice'>{line(name)}: {line(missing)}</p>] : []),
      ])}
    </>
  )
}

function Stack({ name, stack, isOpen }: { name: string; stack: LanguageStack; isOpen: boolean }) {
  const title = `${line(name)}${stack.goroutine === undefined ? '' : `, goroutine ${line(stack.goroutine, 40)}`}`
  const frames = (
    <>
      <ol class='frames language' start={0}>
        {stack.frames.slice(0, MAX_FRAMES).map((frame) => (
          <li class='frame exact'>
            <div class='call'>
              <span>
                <b class='function'>{line(frame.function, 300)}</b>
                {frame.arguments.length > 0 && (
                  <span class='arguments'>
                    ({frame.arguments.map(({ name, value }) => `${line(name, 100)}=${line(value, 120)}`).join(', ')})
                  </span>
                )}
                {frame.file !== undefined && (
                  <span class='place'>
                    {' '}at {line(frame.file, 300)}
                    {frame.line === undefined ? '' : `:${frame.line}`}
                  </span>
                )}
              </span>
            </div>
            {frame.kind !== 'function' && (
              <div class='tags'>
                <span class='tag'>{line(frame.kind, 40)}</span>
              </div>
            )}
          </li>
        ))}
      </ol>
      {stack.frames.length > MAX_FRAMES && <p class='quiet'>{stack.frames.length - MAX_FRAMES} more are in the text.
      </p>}
      {stack.stopped !== undefined && <p class='notice'>It ends here: {line(stack.stopped)}</p>}
    </>
  )
  if (!isOpen) {
    return (
      <details class='thread'>
        <summary>{title}{stack.thread === undefined ? '' : ` of thread ${stack.thread}`}</summary>
        {frames}
      </details>
    )
  }
  return (
    <div>
      <h3>{title}</h3>
      {frames}
    </div>
  )
}
