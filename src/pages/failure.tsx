/** The page that says why there is none. Pure. */
import { line, page, type Site } from './shell.tsx'

export interface FailureProps {
  readonly status: number
  readonly title: string
  readonly sentence: string
}

export function failurePage(site: Site, { status, title, sentence }: FailureProps): string {
  return page({
    site,
    title,
    children: (
      <>
        <h1>{title}</h1>
        <p class='notice bad'>{line(sentence)}</p>
        <p>
          <a href={site.root}>To the beginning</a> <span class='quiet'>Status {status}</span>
        </p>
      </>
    ),
  })
}
