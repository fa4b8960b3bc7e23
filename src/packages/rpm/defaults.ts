/**
 * What variables stand for on the systems of a release, where a section does not say: dnf(8) there finds it in the
 * package `*-release` and in files below /etc/dnf/vars, which are not on this machine. Pure.
 */
import type { Architecture } from '../../elf/architecture.ts'

/** `$DIST_ARCH` of openSUSE (its package openSUSE-repos), where it is another name than rpm's. */
const DIST_ARCH: Partial<Record<Architecture, string>> = { ppc64el: 'ppc', s390x: 'zsystems', riscv64: 'riscv' }

/** Variables of the distributions' own files, or of a release's alone; N stands for the number of the release. */
const OF_DISTRIBUTION: Record<string, Record<string, string>> = {
  centos: { stream: 'N-stream', contentdir: 'centos' },
  rocky: { stream: 'N-stream', contentdir: 'pub/rocky', sigcontentdir: 'pub/sig', rltype: '' },
  almalinux: { stream: 'N-stream', contentdir: 'almalinux' },
  rhel: { contentdir: 'rhel' },
  ol: { contentdir: 'ol', ociregion: '', ocidomain: 'oracle.com' },
  amzn: { awsproto: 'https', awsregion: 'us-east-1', awsdomain: 'amazonaws.com' },
  'amzn-2': { amazonlinux: 'amazonlinux', product: 'core', target: 'latest' },
  // Its releases have the date of their making; this is the name of the newest.
  'amzn-2023': { releasever: 'latest' },
}

/** Values by name, of a release (`rocky-9`) and an architecture. `releasever` is not among them where no number is. */
export function usualVariables(
  release: string,
  { name, architecture }: { name: string; architecture: Architecture },
): Record<string, string> {
  const [, distribution = release, number] = /^(.*)-([0-9][0-9.]*|rawhide)$/.exec(release) ?? []
  const own = Object.entries({ ...OF_DISTRIBUTION[distribution], ...OF_DISTRIBUTION[release] })
    .map(([variable, value]) => [variable, value.replace('N', number ?? '')] as const)
  return {
    // As repositories of the Fedora project call their builds, in EPEL's files.
    infra: 'stock',
    DIST_ARCH: DIST_ARCH[architecture] ?? name,
    ...(number === undefined ? {} : { releasever: number }),
    ...Object.fromEntries(own),
  }
}
