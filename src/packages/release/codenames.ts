/**
 * Code names of published releases of Debian and what is made of it, with the numbers that os-release(5) has for them: an
 * archive may say only the one, a system says the other. A release that is not published yet has no number in its
 * systems, and none here.
 */

const TABLES = {
  debian: 'etch 4 lenny 5 squeeze 6 wheezy 7 jessie 8 stretch 9 buster 10 bullseye 11 bookworm 12 trixie 13',
  ubuntu: 'precise 12.04 trusty 14.04 xenial 16.04 bionic 18.04 cosmic 18.10 disco 19.04 eoan 19.10 focal 20.04 ' +
    'groovy 20.10 hirsute 21.04 impish 21.10 jammy 22.04 kinetic 22.10 lunar 23.04 mantic 23.10 noble 24.04 ' +
    'oracular 24.10 plucky 25.04 questing 25.10 resolute 26.04',
  linuxmint: 'cindy 3 debbie 4 elsie 5 faye 6 gigi 7 tara 19 tessa 19.1 tina 19.2 tricia 19.3 ulyana 20 ulyssa 20.1 ' +
    'uma 20.2 una 20.3 vanessa 21 vera 21.1 victoria 21.2 virginia 21.3 wilma 22 xia 22.1 zara 22.2',
  devuan: 'jessie 1 ascii 2 beowulf 3 chimaera 4 daedalus 5 excalibur 6',
}

/** Derived distributions, whose archives are called by code names of their own, or by those of what they are made of. */
const DERIVED = {
  zorin: 'xenial 12 bionic 15 focal 16 jammy 17 noble 18',
  elementary: 'bionic 5 juno 5 hera 5 focal 6 odin 6 jolnir 6 jammy 7 horus 7 noble 8 circe 8',
  bodhi: 'bionic 5 focal 6 jammy 7',
  parrot: 'ara 5 lory 6 echo 7',
  pureos: 'green 8 amber 9 byzantium 10 crimson 11 dawn 12',
  trisquel: 'belenos 7 flidas 8 etiona 9 nabia 10 aramo 11 ecne 12',
  deepin: 'apricot 20 beige 23 crimson 25',
  uos: 'eagle 20',
  sparky: 'nibiru 5 potolo 6 orion 7 sisters 8',
  pardus: 'onyedi 17 ondokuz 19 yirmibir 21 yirmiuc 23 yirmibes 25',
  endless: 'eos3 3 eos4 4 eos5 5 eos6 6',
  raspbian: TABLES.debian,
  pop: TABLES.ubuntu,
  neon: TABLES.ubuntu,
}

/** Further IDs of os-release(5) in the family of Debian; how their releases are numbered, only their archives say. */
const OTHERS = ['tails', 'peppermint', 'astra', 'siduction']

/** Systems without releases: their VERSION_ID says when the image was made, and is another one after each update. */
const ROLLING = new Map([
  ['kali', 'kali-rolling'],
  ['opensuse-tumbleweed', 'opensuse-tumbleweed'],
  ['opensuse-microos', 'opensuse-tumbleweed'],
  ['opensuse-slowroll', 'opensuse-slowroll'],
])

const NUMBERS = numbersIn(TABLES)
const ALL = new Map([...NUMBERS, ...numbersIn(DERIVED)])

function numbersIn(tables: Record<string, string>): Map<string, Map<string, string>> {
  return new Map(
    Object.entries(tables).map(([distribution, text]) => {
      const words = text.split(' ')
      return [distribution, new Map(words.flatMap((word, at) => at % 2 === 0 ? [[word, words[at + 1] ?? '']] : []))]
    }),
  )
}

/** Whether ID of os-release(5) is one of Debian, or of what is made of it: their architectures have Debian's names. */
export function isOfDebianFamily(distribution: string): boolean {
  return ALL.has(distribution) || OTHERS.includes(distribution) || distribution === 'kali'
}

/** Whether archives of a distribution may have the Version of what it is made of. */
export function isDerived(distribution: string): boolean {
  return Object.hasOwn(DERIVED, distribution)
}

/** The one release of a distribution that has no others. */
export function rollingRelease(distribution: string): string | undefined {
  return ROLLING.get(distribution)
}

/** The number of a distribution's newest release, as an example; undefined: none is known. */
export function newestNumber(distribution: string): string | undefined {
  return [...ALL.get(distribution)?.values() ?? []].at(-1)
}

/** A distribution and one of its numbers. */
export interface Published {
  distribution: string
  number: string
}

/** What a code name stands for: in its own distribution where one is given, else in the first of the great ones. */
export function publishedAs(codename: string, distribution?: string): Published | undefined {
  for (const [name, numbers] of distribution === undefined ? NUMBERS : ALL) {
    const number = distribution === undefined || distribution === name ? numbers.get(codename) : undefined
    if (number !== undefined) return { distribution: name, number }
  }
  return undefined
}
