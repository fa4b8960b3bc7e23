/** Rows on Release: how it is written, its dates. */
import type { PublishOptions } from '../../../helpers/deb_suite.ts'
import { type DebPeculiarity, publish, published } from './world.ts'

const DAY = 86_400_000

/** A row on dates, which count from the moment of publication. */
function dated(
  name: string,
  options: (now: number) => PublishOptions,
  more: Partial<DebPeculiarity> = {},
): DebPeculiarity {
  return { ...published(name, {}, more), make: (world) => publish(world, options(Date.now())) }
}

export const RELEASES: DebPeculiarity[] = [
  published('whose Release ends its lines in CR LF', { release: (text) => text.replaceAll('\n', '\r\n') }),
  published('whose Release.gpg is of a Release with CR LF', {
    release: (text) => text.replaceAll('\n', '\r\n'),
    signature: 'detached',
  }),
  published('with Release and Release.gpg', { signature: 'detached' }),
  published('with a byte order mark in Release', { release: (text) => `\ufeff${text}` }),
  published('with a comment in Release', { release: (text) => text.replace('Suite', '# by hand\nSuite') }),
  published('with a field twice in Release', { release: (text) => text.replace('Date', 'Suite: again\nDate') }),
  published('with a line in Release that is none', {
    release: (text) => text.replace('Date', 'nonsense\nCodename: x\nDate'),
  }, { says: /1 line of its Release file cannot be read, like 'nonsense' \(.*test\.sources:1\)/ }),
  published('with lines of SHA256 in Release that are none', {
    release: (text) => text.replace('SHA256: \n', `SHA256: \n zz 5 main/x\n ${'0'.repeat(64)} many main/y\n`),
  }, { says: /2 lines of its Release file cannot be read, like 'zz 5 main\/x'/ }),
  published('with a file outside in Release', {
    release: (text) => text.replace('SHA256: \n', `SHA256: \n ${'0'.repeat(64)} 5 ../../x\n`),
  }, { says: /1 line of its Release file cannot be read, like '0+ 5 \.\.\/\.\.\/x'/ }),
  published('with a second stanza in Release', { release: (text) => `${text}\nOrigin: Other\nSHA256:\n` }),
  published('without a Date', { fields: { Date: undefined } }, {
    says: /its Release file has no Date that can be read/,
  }),
  published('with a Date that is none', { fields: { Date: 'yesterday' } }, { says: /no Date that can be read/ }),
  published('with a Date in the words of date(1)', { fields: { Date: 'Sat Oct 31 10:00:00 UTC 2026' } }),
  published('with a Date of +0000', { fields: { Date: 'Sat, 31 Oct 2026 10:00:00 +0000' } }),
  dated('that has expired', (now) => ({ validUntil: new Date(now - DAY) }), {
    taken: [],
    says: /it was valid until .*Check-Valid-Until: no/,
  }),
  published('with a Valid-Until that is none', { fields: { 'Valid-Until': 'soon' } }, { taken: [] }),
  dated('of an hour ahead', (now) => ({ date: new Date(now + DAY / 24) }), {
    theirs: { taken: [], because: 'a clock that is an hour behind must not stop a mirror' },
  }),
  dated('of two days ahead', (now) => ({ date: new Date(now + 2 * DAY) }), {
    taken: [],
    says: /ahead of this machine's clock/,
  }),
  published('with Acquire-By-Hash: true', { byHash: true, fields: { 'Acquire-By-Hash': 'true' } }),
  published('without Origin, Suite and Version', {
    fields: { Origin: undefined, Suite: undefined, Version: undefined },
  }),
]
