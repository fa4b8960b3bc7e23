import { describe, expect, it } from 'vitest'
import { names } from '../../../src/init/own_certificate.ts'
import { serviceUser } from '../../../src/process/service_user.ts'

describe('the names of a certificate of our own', () => {
  it.each([
    ['host.example.org', 'DNS:host.example.org,DNS:localhost,IP:127.0.0.1,IP:::1'],
    ['localhost', 'DNS:localhost,IP:127.0.0.1,IP:::1'],
    ['a_b,DNS:evil.example', 'DNS:localhost,IP:127.0.0.1,IP:::1'],
  ])('%s gives %s', (host, expected) => expect(names(host)).toBe(expected))
})

describe('the owner of what is made', () => {
  const passwd = 'root:x:0:0::/root:/bin/sh\nabrt-retrace:x:997:996::/:/usr/sbin/nologin\n'
  it.each([
    ["root gives it to the service's user", passwd, 0, { uid: 997, gid: 996 }],
    ['root keeps it where there is no such user', 'root:x:0:0::/root:/bin/sh\n', 0, undefined],
    ['nobody else can give it away', passwd, 1000, undefined],
  ])('%s', (_, text, uid, expected) => expect(serviceUser(text, uid)).toEqual(expected))
})
