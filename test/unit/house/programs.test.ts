import { existsSync, statSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { commandWords, wordsOfCode, wordsOfShell } from '../../helpers/commands.ts'
import {
  filesOfPackages,
  installedOf,
  isOneOf,
  merged,
  namedPackages,
  ownFilesOf,
  programs,
} from '../../helpers/debian.ts'

const hasDpkg = existsSync('/var/lib/dpkg/status')
const named = namedPackages().map(({ name }) => name)
/** What `npm run vm`, packaging and containers need besides, and nobody else may. */
const APART = [
  {
    list: 'ops/lib/vm-packages',
    isOfIt: (path: string) => /^(ops\/lib\/vm|test\/vm\/|test\/bench\/prepare\.ts)/.test(path),
  },
  {
    list: 'ops/lib/policy-packages',
    isOfIt: (path: string) => /^(ops\/(apparmor|selinux|package)\/|test\/(policies|vm)\/)/.test(path),
  },
  {
    list: 'ops/package/packages',
    isOfIt: (path: string) => /^(ops\/package\/|ops\/release$|test\/package\/)/.test(path),
  },
  {
    list: 'ops/container/packages',
    isOfIt: (path: string) => /^(ops\/container\/|test\/package\/)/.test(path),
  },
]

/** Words that are also programs of other packages, and why none of those is needed. */
const OTHERS: Record<string, string> = {
  GET: 'a method of HTTP',
  HEAD: 'a method of HTTP',
  POST: 'a method of HTTP',
  col: 'a value in HTML: the heading of a column',
  git: 'asked for a date where there is one: a folder without it has the day of today',
  jar: 'an ending of files',
  less: 'a word of a test',
  man: 'a folder',
  node: 'what the newcomer brings, as the README says',
  java: 'a language, whose programs crash',
  npm: 'what the newcomer brings, as the README says',
  open: 'what an input stays',
  opt: 'a folder',
  sandbox: 'what programs run in, and a look at it',
  semodule: 'what the packages of a policy would call, in a test of their scripts',
  rustc: 'a test that is skipped where there is none, and says so',
  time: 'a word of the shell, and a column',
  write: 'a kind of system call, and a method',
}

/** Packages that no word of ours names: what other programs start or read. */
const UNSAID: Record<string, string> = {
  'ca-certificates': 'made by its own script: the list of authorities that https needs',
  cpio: 'started by rpmbuild',
  debugedit: 'find-debuginfo, started by rpmbuild',
  'gpg-agent': 'started by gpg',
  'libc6-dbg': 'read by gdb',
  'libc6-dev': 'read by gcc',
  libexpat1: 'part of the crash of python3.11',
  'libpython3.11-stdlib': 'part of the crash of python3.11',
  libffi8: 'part of the crash of python3.11',
  make: 'started by node-gyp',
  python3: 'a link to the program of another package; node-gyp, and tests',
  zlib1g: 'part of the crash of python3.11',
}

/** The file of this machine that a word of the code names, if it names one. */
function fileOf(word: string): string | undefined {
  const path = word.startsWith('/') ? merged(word) : here.get(word)
  return path?.startsWith('/usr/') && existsSync(path) && statSync(path).isFile() ? path : undefined
}

const here = programs()

describe('what ops/packages names', () => {
  it('ops/packages gives a reason for each package', () => {
    expect(
      [...namedPackages(), ...APART.flatMap(({ list }) => namedPackages(list))].filter(({ reason }) => reason === ''),
    ).toEqual([])
  })

  it.skipIf(!hasDpkg)('brings every program and file of a package that code, tests and scripts name', () => {
    const files = filesOfPackages(named)
    const apart = APART.map(({ list, isOfIt }) => {
      const extra = installedOf(namedPackages(list).map(({ name }) => name))
      return { isOfIt, files: extra.length === 0 ? new Set<string>() : ownFilesOf(extra) }
    })
    const foreign = [...commandWords()].flatMap(([word, paths]) => {
      const file = word in OTHERS ? undefined : fileOf(word)
      const isApart = (path: string) => apart.some(({ isOfIt, files }) => isOfIt(path) && isOneOf(files, file ?? ''))
      if (file !== undefined && paths.every(isApart)) return []
      return file === undefined || isOneOf(files, file) ? [] : [`${file}, named in ${paths.join(', ')}`]
    })
    expect(foreign).toEqual([])
  })

  it.skipIf(!hasDpkg)(
    'each package of ops/packages is named somewhere, or started and read by something that is',
    () => {
      const files = [...commandWords().keys()].flatMap((word) => fileOf(word) ?? [])
      const unused = named.filter((name) => {
        const own = ownFilesOf([name])
        return !(name in UNSAID) && !files.some((file) => isOneOf(own, file))
      })
      expect(unused).toEqual([])
    },
  )

  it('holds what named programs start and read without a word of ours', () => {
    expect(Object.keys(UNSAID).filter((name) => !named.includes(name))).toEqual([])
  })
})

describe('the words that can name a program', () => {
  it('takes for names of programs whole strings and the first words of commands in longer ones', () => {
    expect(wordsOfCode(`// 'no'\nspawn('bwrap', ['--x', 'a b', \`cd \${x} && tar -c | xz\`])\nimport { a } from 'b'`))
      .toEqual(['bwrap', '--x', 'a', 'cd', 'tar', 'xz'])
  })

  it('takes for names of programs the first words of the commands of a script, behind settings and words of the shell', () => {
    const words = wordsOfShell('# no\nif ! LC_ALL=C sort "$a" | uniq; then\n  x=$(date +%F) as_root apt-get update\nfi')
    expect(words).toEqual(expect.arrayContaining(['sort', 'uniq', 'date', 'apt-get']))
    expect(words).not.toContain('no')
  })
})
