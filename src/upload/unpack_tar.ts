/**
 * A tar into the files of a task: each member judged by its header, then stored, then judged by its content, so that the first
 * fault of the stream is the one that is told (docs/http.md, 'POST /create'). Everything that the manifest does not
 * name is refused.
 */
import { RetraceError } from '../errors/errors.ts'
import { quote } from '../text/escape.ts'
import type { CoreFile } from '../spool/core_file.ts'
import type { DraftFiles } from '../spool/draft_files.ts'
import type { Member } from '../task/files.ts'
import type { ManifestKind } from '../task/manifest.ts'
import { ByteReader } from './byte_reader.ts'
import { concatenate } from './bytes.ts'
import { checkText } from './grammar.ts'
import { atMostUnpacked, checkFileSize, UnpackedCount, type UnpackLimits } from './limits.ts'
import { knownMembers, missingMembers } from './manifests.ts'
import { unpackMember } from './core_member.ts'
import type { DecompressOptions } from './decompress.ts'
import { readTar, type TarMember } from './tar.ts'
import { isTarHeader, TAR_BLOCK } from './tar_header.ts'
import { whatItIs } from './mistaken.ts'
import type { Encoding } from './headers.ts'
import { badStream } from './bad_stream.ts'

const CORE = 'coredump' satisfies Member

export interface UnpackTarOptions {
  manifest: Exclude<ManifestKind, 'bare'>
  /** As the headers said, of the archive. */
  encoding?: Encoding
  config: UnpackLimits
  onCore: () => void
  /** Left out: the system's. */
  programs?: DecompressOptions | undefined
}

/** Throws what the stream throws, and every fault of a member that docs/http.md, 'POST /create' names. */
export async function unpackTar(
  chunks: AsyncIterable<Uint8Array>,
  files: Pick<DraftFiles, 'core' | 'write'>,
  options: UnpackTarOptions,
): Promise<void> {
  const count = new UnpackedCount(options.config)
  const known = knownMembers(options.manifest)
  const seen = new Set<string>()
  let core: { file: CoreFile; size: number } | undefined
  const reader = new ByteReader(atMostUnpacked(chunks, options.config))
  await checkIsTar(reader, options)
  for await (const member of readTar(reader)) {
    if (isTop(member)) continue
    const given = member.name.startsWith('./') ? member.name.slice(2) : member.name
    const name = knownName(member, given, { known, manifest: options.manifest })
    if (seen.has(name)) throw badMember(name, 'is in the archive twice')
    checkSize(member, name, { count, config: options.config })
    if (member.kind !== 'file' && name !== CORE) throw badMember(name, 'is a sparse file, which only the core may be')
    seen.add(name)
    if (name === CORE) {
      options.onCore()
      const file = await files.core()
      core = { file, size: await unpackMember(member, file, { count, programs: options.programs }) }
    } else {
      const content = await contentOf(member)
      checkText(name, content)
      await files.write(name, content)
    }
  }
  const missing = missingMembers(options.manifest, seen)
  if (missing.length > 0) throw missingMember(missing)
  await core?.file.finish(core.size)
}

/** A body that is no archive from its first block on is named as what it is. */
async function checkIsTar(
  reader: ByteReader,
  { manifest, encoding = 'none' }: Pick<UnpackTarOptions, 'manifest' | 'encoding'>,
): Promise<void> {
  const head = await reader.peek(TAR_BLOCK)
  if (isTarHeader(head)) return
  const what = whatItIs(head, { manifest, encoding }, 'unpacked')
  if (what !== undefined) throw badStream(`The body is not a tar archive${packedAs(encoding)}: ${what}`)
}

function packedAs(encoding: Encoding): string {
  return encoding === 'none' ? '' : ` packed by ${encoding}`
}

/** The directory that `tar c .` puts before its members. */
function isTop(member: TarMember): boolean {
  return member.kind === 'directory' && (member.name === './' || member.name === '.') && member.size === 0
}

/** For one member its name and kind go before its size: 403 before 413. */
function knownName(
  member: TarMember,
  given: string,
  { known, manifest }: { known: readonly Member[]; manifest: Exclude<ManifestKind, 'bare'> },
): Member {
  const name = known.find((each) => each === given)
  if (name === undefined && isAppleDouble(given)) {
    const how = 'COPYFILE_DISABLE=1 tar ... leaves it out'
    throw badMember(given, `is an AppleDouble file, which macOS adds to archives; ${how}`)
  }
  const inFolder = known.find((each) => given.endsWith(`/${each}`))
  if (inFolder !== undefined) {
    throw badMember(
      given,
      `is not known here: it has a path in its name; the members lie at the top of the archive (${
        howToPack(given.slice(0, -inFolder.length - 1) || '/')
      })`,
    )
  }
  // `tar c FOLDER` begins with the folder itself.
  if (member.kind === 'directory') {
    const folder = given.replace(/\/+$/, '') || '/'
    throw badMember(given, `is a directory; the members lie at the top of the archive (${howToPack(folder)})`)
  }
  checkKind(member, given)
  if (name === undefined) throw unknownMember(given, manifest)
  return name
}

function howToPack(folder: string): string {
  return `tar -C '${quote(folder)}' -c coredump ... packs them so`
}

/** `._NAME`, beside or in place of the file whose attributes it holds. */
function isAppleDouble(name: string): boolean {
  return name.slice(name.lastIndexOf('/') + 1).startsWith('._')
}

function checkSize(member: TarMember, name: string, options: { count: UnpackedCount; config: UnpackLimits }): void {
  if (name !== CORE) checkFileSize(name, member.size, options.config)
  options.count.add(member.size)
}

function checkKind(member: TarMember, name: string): void {
  if (member.kind !== 'file' && member.kind !== 'sparse file') {
    throw badMember(name, `is a ${member.kind}; the members are plain files`)
  }
  if (name === '') throw badMember(name, 'has no name')
  if (name.includes('/') || name === '.' || name === '..') {
    throw badMember(name, 'has a path in its name; the members lie at the top of the archive')
  }
}

async function contentOf(member: TarMember): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const { chunk } of member.extents()) chunks.push(chunk)
  return concatenate(chunks)
}

function badMember(name: string, fault: string): RetraceError {
  return new RetraceError('bad-member', { detail: `The member '${quote(name)}' ${fault}` })
}

function unknownMember(name: string, manifest: Exclude<ManifestKind, 'bare'>): RetraceError {
  return new RetraceError('unknown-member', {
    detail: `The member '${quote(name)}' is not known here; an archive of this type holds ${
      knownMembers(manifest).join(', ')
    }`,
  })
}

function missingMember(missing: string[]): RetraceError {
  return new RetraceError('missing-member', {
    detail: `The archive lacks ${missing.map((name) => `the member '${name}'`).join(', ')}`,
  })
}
