/** One row in a process of its own: `node fault_program.js NAME BODY`, for faults that stand in the place of programs. */
import { readFileSync } from 'node:fs'
import { argv, exit, stdout } from 'node:process'
import { saidOf } from './fault_said.ts'
import { FAULTS } from './faults.ts'

const [, , name, body = ''] = argv
const fault = FAULTS.find(({ what }) => what === name)
if (fault === undefined) throw new Error(`There is no fault '${name}'`)
stdout.write(JSON.stringify(await saidOf(fault, readFileSync(body))), () => exit(0))
