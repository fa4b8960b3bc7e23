/** Uploads in parts, as a client of the IETF draft sends them. */
import { readdirSync } from 'node:fs'
import type { Reply } from './client.ts'
import type { TestServer } from './server.ts'

export interface Part {
  offset?: number | string
  complete?: string
  body?: Uint8Array
  headers?: Record<string, string>
}

/** Begins one; resolves to the answer. */
export async function begin(
  server: Pick<TestServer, 'client'>,
  headers: Record<string, string> = {},
  body: Uint8Array = new Uint8Array(),
): Promise<Reply> {
  return await server.client.ask('/create', {
    method: 'POST',
    body,
    headers: {
      'Content-Type': 'application/x-tar',
      'Upload-Complete': '?0',
      'Upload-Draft-Interop-Version': '8',
      ...headers,
    },
  })
}

/** The path of a new upload. */
export async function begun(
  server: Pick<TestServer, 'client'>,
  headers: Record<string, string> = {},
): Promise<string> {
  const { status, headers: { location = '' }, text } = await begin(server, headers)
  if (status !== 201) throw new Error(`${status}: ${text}`)
  return location
}

export async function patch(
  server: Pick<TestServer, 'client'>,
  path: string,
  part: Part = {},
): Promise<Reply> {
  const { offset = 0, complete = '?0', body = new Uint8Array(), headers = {} } = part
  return await server.client.ask(path, {
    method: 'PATCH',
    body,
    headers: {
      'Content-Type': 'application/partial-upload',
      'Upload-Offset': String(offset),
      'Upload-Complete': complete,
      'Prefer': 'respond-async',
      ...headers,
    },
  })
}

/** Status, and what the fields say. */
export interface State {
  status: number
  complete: string | undefined
  offset: number | undefined
  length: string | undefined
  limit: string | undefined
  task: string | undefined
}

export async function stateOf(server: Pick<TestServer, 'client'>, path: string): Promise<State> {
  const { status, headers } = await server.client.ask(path, { method: 'HEAD' })
  const field = (name: string) => headers[name] === undefined ? undefined : String(headers[name])
  const offset = field('upload-offset')
  return {
    status,
    complete: field('upload-complete'),
    offset: offset === undefined ? undefined : Number(offset),
    length: field('upload-length'),
    limit: field('upload-limit'),
    task: field('x-task-id'),
  }
}

/** Names of the uploads in parts that a server's spool has. */
export function partsOf({ config }: Pick<TestServer, 'config'>): string[] {
  return readdirSync(config.spoolDir).filter((name) => name.startsWith('partial-'))
}
