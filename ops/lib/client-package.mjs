// Prints the package.json of the client: what the one of the project says, and one program without dependencies.
import { readFileSync } from 'node:fs'

const { version, license, engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
console.log(JSON.stringify(
  {
    name: 'abrt-retrace-client',
    version,
    description: 'Sends what a backtrace needs of a crashed program to a retrace server, and shows the backtrace',
    license,
    type: 'module',
    engines,
    bin: { retrace: 'retrace.js' },
    files: ['retrace.js'],
  },
  undefined,
  2,
))
