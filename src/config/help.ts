/** The settings of a program as its `--help` shows them. */
import { type Program, type Setting, settingsReadBy } from './settings.ts'

/** A table of what the program reads, and one of what it hands on to the programs that it starts. */
export function settingsHelp(program: Program, { starts = [] }: { starts?: readonly Program[] } = {}): string {
  const own = settingsReadBy(program)
  const handedOn = settingsReadBy(...starts).filter(([, { readBy }]) => !readBy.includes(program))
  return [
    'Settings (environment variables), defaults, meaning:',
    ...own.map(row),
    ...(handedOn.length === 0 ? [] : ['', `Settings of ${starts.join(', ')}, which it starts:`]),
    ...handedOn.map(row),
  ].join('\n')
}

function row([, { name, default: value, meaning }]: [string, Setting]): string {
  return `  ${name.padEnd(28)} ${(value || '-').padEnd(34)} ${meaning}`
}
