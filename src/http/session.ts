/**
 * The cookie by which a browser that gave a task's password reads that task and no other: HttpOnly, Secure, SameSite=Strict,
 * for the paths of its id. It holds no password, but what only who knows it can make.
 */
import { createHash } from 'node:crypto'
import { isSamePassword } from '../task/password.ts'

/** `__Secure-`: a browser takes it over HTTPS alone (RFC 6265bis, 4.1.3). */
const NAME = '__Secure-retrace'
const MAX_HEADER = 8192

/** Of a task with this password; the same in every server, so that a restart logs nobody out. */
export function sessionToken(id: string, password: string): string {
  return createHash('sha256').update(`abrt-retrace session\0${id}\0${password}`).digest('base64url')
}

/** `base`: the path under which a proxy offers this server, without the slash at its end. */
export function sessionCookie(id: string, password: string, base: string): string {
  return `${NAME}=${sessionToken(id, password)}; ${attributes(id, base)}`
}

export function endedCookie(id: string, base: string): string {
  return `${NAME}=; ${attributes(id, base)}; Max-Age=0`
}

/** Whether a Cookie header holds the token of this task: a browser of another kind may send several of the name. */
export function hasSession(header: string | undefined, { id, password }: { id: string; password: string }): boolean {
  const right = sessionToken(id, password)
  const pairs = (header ?? '').slice(0, MAX_HEADER).split(';').map((pair) => pair.trim())
  return pairs.some((pair) => pair.startsWith(`${NAME}=`) && isSamePassword(pair.slice(NAME.length + 1), right))
}

/** A path matches from its beginning up to a slash: /1 is not /10 (RFC 6265, 5.1.4). */
function attributes(id: string, base: string): string {
  return `Path=${base}/${id}; Secure; HttpOnly; SameSite=Strict`
}
