/** The user that the units run the server as, where the administrator made it (ops/systemd/sysusers.conf). */
import { readFileSync } from 'node:fs'
import { geteuid } from 'node:process'

const NAME = 'abrt-retrace'

export interface Owner {
  uid: number
  gid: number
}

/**
 * Who shall own what is made: undefined means whoever runs the program. Only root can give files away, and only to a user
 * of `passwd` (the text of passwd(5)).
 */
export function serviceUser(passwd = readFileSync('/etc/passwd', 'utf8'), uid = geteuid?.()): Owner | undefined {
  if (uid !== 0) return undefined
  const fields = passwd.split('\n').map((line) => line.split(':')).find(([name]) => name === NAME)
  const [owner, group] = [Number(fields?.[2]), Number(fields?.[3])]
  return Number.isInteger(owner) && Number.isInteger(group) ? { uid: owner, gid: group } : undefined
}
