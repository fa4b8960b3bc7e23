import { expect, it } from 'vitest'
import { isInner } from '../../../src/packages/transfer/inner_address.ts'

it.each([
  '127.0.0.1',
  '127.255.255.254',
  '0.0.0.0',
  '10.1.2.3',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '100.127.255.255',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '[::1]',
  'fe80::1%eth0',
  'fe80::1',
  'fc00::1',
  'fdff::1',
  'ff02::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:10.0.0.1',
  '::127.0.0.1',
  '0:0:0:0:0:ffff:a9fe:a9fe',
  '64:ff9b::10.0.0.1',
  '2002:7f00:1::',
  '64:ff9b:1::1',
])('takes %s for an address of this machine or its network', (address) => {
  expect(isInner(address)).toBe(true)
})

it.each([
  '1.1.1.1',
  '11.0.0.1',
  '100.63.255.255',
  '100.128.0.1',
  '172.15.0.1',
  '172.32.0.1',
  '192.167.1.1',
  '193.0.0.1',
  '203.0.113.5',
  '2001:db8::1',
  '2606:4700::1111',
  '::ffff:1.1.1.1',
  '64:ff9b::1.1.1.1',
  '2002:101:101::',
  'example.org',
  '',
])('takes %s for none', (address) => {
  expect(isInner(address)).toBe(false)
})
