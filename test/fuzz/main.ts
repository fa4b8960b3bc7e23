/**
 * `npm run fuzz [-- --seconds N] [--only NAME] [--seed N] [--finds FOLDER]`: hunts over all readers of strangers' bytes, one
 * after the other, for N seconds together (60). One JSON line per target; each find is written into FOLDER (fuzz-finds),
 * and the exit code is 1. A find that was mended goes to test/fixtures/fuzz/NAME, where a test reads it from then on.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exit, stderr, stdout } from 'node:process'
import { parseArgs } from 'node:util'
import { send } from './send.ts'
import { TARGETS } from './targets.ts'

const USAGE = `usage: npm run fuzz [-- [--seconds N] [--only NAME] [--seed N] [--finds FOLDER]]\n  NAME: ${
  Object.keys(TARGETS).join(', ')
}\n`

function options() {
  try {
    const { values } = parseArgs({
      options: {
        seconds: { type: 'string', default: '60' },
        only: { type: 'string' },
        seed: { type: 'string', default: `${Date.now() % 2 ** 31}` },
        finds: { type: 'string', default: 'fuzz-finds' },
      },
    })
    const [seconds, seed] = [Number(values.seconds), Number(values.seed)]
    const isKnown = values.only === undefined || values.only in TARGETS
    if (seconds > 0 && Number.isInteger(seed) && isKnown) {
      return { seconds, seed, only: values.only, finds: values.finds }
    }
  } catch {
    // the usage says it
  }
  stderr.write(USAGE)
  exit(2)
}

const { seconds, seed, only, finds } = options()
const chosen = Object.entries(TARGETS).filter(([name]) => only === undefined || name === only)
const weights = chosen.reduce((sum, [, { weight = 1 }]) => sum + weight, 0)
stderr.write(`fuzz: ${chosen.length} targets, ${seconds} s, --seed ${seed}\n`)
let found = 0
for (const [name, target] of chosen) {
  const share = seconds * (target.weight ?? 1) / weights
  const hunted = await send(name, target, { seconds: share, seed })
  const { executions, kept, blocks } = hunted
  stdout.write(
    `${
      JSON.stringify({ name, seconds: Number(share.toFixed(1)), executions, kept, blocks, finds: hunted.finds.length })
    }\n`,
  )
  for (const { why, input } of hunted.finds) {
    const file = join(finds, name, createHash('sha256').update(input).digest('hex').slice(0, 12))
    mkdirSync(join(finds, name), { recursive: true })
    writeFileSync(file, input)
    stderr.write(`fuzz: ${name} ${why}\nfuzz: the input is ${file}\n`)
    found++
  }
}
stderr.write(found === 0 ? 'fuzz: nothing was found\n' : `fuzz: finds: ${found}\n`)
exit(found === 0 ? 0 : 1)
