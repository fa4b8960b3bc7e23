// demo-summary NAME SENT-AT STATUS.json BACKTRACE.json MODULES.json BACKTRACE: the demo's lines about one retrace. Exits 1
// when a frame is missing that the crash of `ctypes.string_at(0)` must show, with its file, line and arguments.
import { readFileSync } from 'node:fs'
import { argv, exit } from 'node:process'

const [name, sentAt, ...files] = argv.slice(2)
const [statusFile, backtraceFile, modulesFile, textFile] = files
const text = readFileSync(textFile, 'utf8')

const MUST = [
  ['the C function that crashed', /^#\d+ .*strlen\w* \(.*\) at \S+strlen\S*:\d+$/m],
  ["ctypes' string_at", /^#\d+ .*\bstring_at \(ptr=0x0, size=-?\d+\) at \S*\/_ctypes\.c:\d+$/m],
  ["libffi's ffi_call, by its name", /^#\d+ .*\bffi_call \(\) from \S*libffi\.so/m],
  ["ctypes' _ctypes_callproc", /^#\d+ .*\b_ctypes_callproc \(pProc=.*\) at \S*\/callproc\.c:\d+$/m],
  ["CPython's evaluation loop", /^#\d+ .*\b_PyEval_EvalFrameDefault \(tstate=.*\) at \S*\/ceval\.c:\d+$/m],
]

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    console.log(`  ${name}: the server gave no JSON: ${readFileSync(file, 'utf8').trim()}`)
    exit(1)
  }
}

const upload = Date.parse(readJson(statusFile).created) / 1000 - Number(sentAt)
const { seconds, outcome } = readJson(backtraceFile)
const { counts, modules } = readJson(modulesFile)

const steps = { upload, resolve: seconds.resolve, fetch: seconds.fetch, debug: seconds.debug }
const total = upload + seconds.total
console.log(
  `  ${name.padEnd(8)} ${
    Object.entries({ ...steps, total }).map(([step, value]) => `${step} ${value.toFixed(2)}`).join('  ')
  }`,
)
console.log(`           ${counts.total} modules: ${counts.exact} found with debuginfo, ${counts.no_debuginfo} without, ` +
  `${counts.by_path} by path only, ${counts.missing} missing, ${counts.mismatch} of another build`)
for (const module of modules.filter(({ status }) => !['exact', 'not-applicable'].includes(status))) {
  console.log(`           ${module.status}: ${module.path} of ${module.package ?? 'no known package'}`)
}
console.log(`           ${outcome.code}: ${outcome.summary}`)

const absent = MUST.filter(([, pattern]) => !pattern.test(text))
for (const [what] of absent) console.log(`           NOT FOUND: the frame of ${what}`)
exit(absent.length === 0 ? 0 : 1)
