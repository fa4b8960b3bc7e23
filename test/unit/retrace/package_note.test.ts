import { describe, expect, it } from 'vitest'
import { NAMINGS } from '../../../src/packages/naming/namings.ts'
import { notedLabel, notedPackage } from '../../../workers/retrace/resolve/package_note.ts'

/** As systemd's specification of package metadata has it. */
function note(fields: Record<string, unknown>): { packageNote: string } {
  return { packageNote: JSON.stringify(fields) }
}

const BASH = { name: 'bash', version: '5.2-3', architecture: 'x86_64' }

describe('the package that a file names in its note', () => {
  it.each([
    ['rpm', 'bash-5.2-3.x86_64'],
    ['deb', 'bash_5.2-3_x86_64'],
    ['alpm', 'bash 5.2-3 x86_64'],
    [undefined, 'bash 5.2-3 x86_64'],
    [5, 'bash 5.2-3 x86_64'],
  ])('shows a package note of type %s as %s', (type, label) => {
    const noted = notedPackage(note({ ...BASH, type }))
    expect(noted && notedLabel(noted, NAMINGS)).toBe(label)
  })

  it.each([
    [{ ...BASH, name: undefined }],
    [{ ...BASH, version: '' }],
    [{ ...BASH, name: '../../etc' }],
    [{ ...BASH, version: { toString: '1' } }],
  ])('finds no package in the note %j', (fields) => expect(notedPackage(note(fields))).toBeUndefined())

  it('finds no package by a note where the core holds none', () =>
    expect(notedPackage({ packageNote: undefined })).toBeUndefined())
})
