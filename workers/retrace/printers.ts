/**
 * Pretty printers for gdb that packages bring: those of libstdc++ beside the library itself, GLib's in its development package of
 * the same build, Qt's in KDevelop. They are code, so they come from kept packages only, whose signatures were checked, and run
 * inside the sandbox. Which are used at all is a setting.
 */
import { existsSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { PrinterName } from '../../src/config/kinds.ts'
import { type PackageIndex, packageLabel, type PackageRow } from '../../src/packages/index/lookup.ts'
import type { ResolvedModule } from './resolve/resolve.ts'

/** Printers in a folder of a kept package. */
export interface PrinterFolder {
  readonly name: PrinterName
  readonly path: string
  readonly packageDir: string
}

interface Kind {
  /** The library whose values they show. */
  readonly library: RegExp
  /** Folders of a package that may have them, and the file that tells. */
  folders(packageDir: string): string[]
  readonly file: string
  /** Packages that bring them where the library's own does not: of the same build as that one, or of any. */
  readonly packages: readonly string[]
  readonly isOfSameBuild: boolean
}

const MAX_FOLDERS = 100

const KINDS: Readonly<Record<PrinterName, Kind>> = {
  'libstdc++': {
    library: /\/libstdc\+\+\.so\.6[^/]*$/,
    // `usr/share/gcc/python` in Debian, `usr/share/gcc-14/python` in Fedora.
    folders(packageDir) {
      const share = join(packageDir, 'usr', 'share')
      if (!existsSync(share)) return []
      const names = readdirSync(share).filter((name) => /^gcc(-[\w.]+)?$/.test(name)).slice(0, MAX_FOLDERS)
      return names.map((name) => join(share, name, 'python'))
    },
    file: 'libstdcxx/v6/printers.py',
    packages: [],
    isOfSameBuild: true,
  },
  glib: {
    library: /\/libglib-2\.0\.so[^/]*$/,
    folders: (packageDir) => [join(packageDir, 'usr/share/glib-2.0/gdb')],
    file: 'glib_gdb.py',
    packages: ['libglib2.0-dev', 'libgio-2.0-dev', 'glib2-devel'],
    isOfSameBuild: true,
  },
  qt: {
    library: /\/libQt[56]?Core\.so[^/]*$/,
    folders: (packageDir) => [join(packageDir, 'usr/share/kdevgdb/printers')],
    file: 'qt.py',
    packages: ['kdevelop-data', 'kdevelop'],
    isOfSameBuild: false,
  },
}

/** Those that lie in the packages of the modules themselves. */
export function printersIn(modules: readonly ResolvedModule[], wanted: readonly PrinterName[]): PrinterFolder[] {
  return wanted.flatMap((name) => {
    const packageDir = libraryOf(name, modules)?.binary?.packageDir
    return packageDir === undefined ? [] : found(name, packageDir)
  })
}

/**
 * The rest of them, from other packages that an index knows: those are fetched. `fetch` resolves with undefined when the
 * package is here.
 */
export async function fetchedPrinters(
  modules: readonly ResolvedModule[],
  wanted: readonly PrinterName[],
  { index, repoDir, release, fetch }: {
    index: PackageIndex
    repoDir: string
    /** With architecture. */
    release: string | undefined
    fetch(row: PackageRow): Promise<string | undefined>
  },
): Promise<PrinterFolder[]> {
  const releaseId = index.releases().find(({ name }) => name === release)?.id
  if (releaseId === undefined) return []
  const all = await Promise.all(wanted.map(async (name) => {
    const library = libraryOf(name, modules)
    if (library === undefined) return []
    for (const row of candidates(name, library, index, releaseId)) {
      if (await fetch(row) !== undefined) continue
      const folders = found(name, join(repoDir, row.release, row.folder ?? packageLabel(row)))
      if (folders.length > 0) return folders
    }
    return []
  }))
  return all.flat()
}

const MAX_CANDIDATES = 3

/** Packages that may have them: of the same build as the library, or the newest one of any. */
function candidates(name: PrinterName, library: ResolvedModule, index: PackageIndex, releaseId: number): PackageRow[] {
  const { packages, isOfSameBuild } = KINDS[name]
  const version = library.owner?.version
  const rows = packages.flatMap((each) => index.versionsOf(each, releaseId))
    .filter((row) => !isOfSameBuild || row.version === version)
  const newest = (a: PackageRow, b: PackageRow) => b.naming?.compareVersions(b.version, a.version) ?? 0
  return rows.toSorted(newest).slice(0, MAX_CANDIDATES)
}

/** The module of the library whose values they show; undefined where it is not here. */
export function libraryOf(name: PrinterName, modules: readonly ResolvedModule[]): ResolvedModule | undefined {
  return modules.find(({ module, binary }) => binary !== undefined && KINDS[name].library.test(module.path))
}

function found(name: PrinterName, packageDir: string): PrinterFolder[] {
  const { folders, file } = KINDS[name]
  return folders(packageDir)
    .filter((path) => lstatSync(join(path, file), { throwIfNoEntry: false })?.isFile())
    .slice(0, 1).map((path) => ({ name, path, packageDir }))
}
