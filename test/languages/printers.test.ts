/**
 * Qt's pretty printers, as KDevelop's package of Debian 12 brings them, on a program that really crashed. It is a script of its own
 * since it fetches 30 MB.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { printersIn } from '../../workers/retrace/printers.ts'
import { run } from '../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { crashInRoot, makeForeignRoot } from '../helpers/foreign_root.ts'
import { modulesIn, readCoreAt, retraceIn } from '../helpers/retrace.ts'

const SOURCE = `#include <QtCore/QString>
#include <QtCore/QVector>
#include <QtCore/QMap>
static int sum(const QString &name, QVector<int> prices, QMap<QString, int> table, int *where) {
  *where = prices.size() + table.size();
  return 1;
}
int main() {
  QMap<QString, int> table; table["key"] = 7;
  return sum(QString::fromUtf8("h\\u00e9llo"), {1, 2, 3}, table, nullptr);
}
`
const TRIPLET = 'usr/lib/x86_64-linux-gnu'

let folder: Folder

beforeAll(async () => void (folder = await temporaryFolder()))
afterAll(async () => await folder[Symbol.asyncDispose]())

it("Qt's strings and containers are shown as what they hold", async () => {
  const root = folder.file('root')
  const libraries = ['libc6', 'libstdc++6', 'libgcc-s1', 'zlib1g', 'libicu72', 'libdouble-conversion3', 'libpcre2-16-0']
  const more = ['libpcre2-8-0', 'libzstd1', 'libglib2.0-0', 'libqt5core5a', 'qtbase5-dev', 'kdevelop-data']
  await makeForeignRoot(folder.path, root, { suite: 'bookworm', names: [...libraries, ...more] })
  mkdirSync(join(root, 'usr/bin'), { recursive: true })
  writeFileSync(folder.file('qt.cc'), SOURCE)
  const headers = [`-I${join(root, 'usr/include/x86_64-linux-gnu/qt5')}`]
  const flags = ['-g', '-O0', '-w', '-fPIC', ...headers, '-I', join(root, 'usr/include/x86_64-linux-gnu/qt5/QtCore')]
  const library = [`-L${join(root, TRIPLET)}`, '-l:libQt5Core.so.5', '-Wl,--allow-shlib-undefined']
  run('g++', [...flags, '-o', join(root, 'usr/bin/qt'), folder.file('qt.cc'), ...library])
  mkdirSync(folder.file('place'))
  const core = crashInRoot(root, folder.file('place'), ['/usr/bin/qt'])
  const printers = printersIn(modulesIn(readCoreAt(core), root), ['qt'])
  const { json, debugged } = await retraceIn(core, root, { companions: { printers } })
  expect(debugged.conversation?.problems).toEqual([])
  const shown = json.threads[0]?.frames.find((each) => each.function === 'sum')?.arguments.map(({ value }) => value)
  expect(shown?.[0]).toBe('"héllo"')
  expect(shown?.[1]).toBe('QVector<int> (size = 3) = {[0] = 1, [1] = 2, [2] = 3}')
  expect(shown?.[2]).toBe('QMap<QString, int> (size = 1) = {["key"] = 7}')
})
