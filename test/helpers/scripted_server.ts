/**
 * The server as its program starts it, with another worker than the real one: `node scripted_server.js WORKER...`, for
 * tests that kill the process.
 */
import process, { argv, exit } from 'node:process'
import { readConfig } from '../../src/config/config.ts'
import { PROGRAMS } from '../../src/config/settings.ts'
import { startLog } from '../../src/telemetry/log.ts'
import { threads } from '../../src/program/runtime.ts'
import { startProgram } from '../../src/start.ts'

const config = readConfig(PROGRAMS)
await startLog(config)
const program = await startProgram(config, { workerCommand: argv.slice(2), threads: threads() })
process.once('SIGTERM', async () => {
  await program.stop()
  exit(0)
})
