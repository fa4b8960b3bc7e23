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
  linuxmint: 'tara 19 tessa 19.1 tina 19.2 tricia 19.3 ulyana 20 ulyssa 20.1 uma 20.2 una 20.3 vanessa 21 vera 21.1 ' +
    'victoria 21.2 virginia 21.3 wilma 22 xia 22.1 zara 22.2 cindy 3 debbie 4 elsie 5 faye 6 gigi 7',
  devuan: 'jessie 1 ascii 2 beowulf 3 chimaera 4 daedalus 5 excalibur 6',
}

const NUMBERS = new Map(
  Object.entries(TABLES).map(([distribution, text]) => {
    const words = text.split(' ')
    return [distribution, new Map(words.flatMap((word, at) => at % 2 === 0 ? [[word, words[at + 1] ?? '']] : []))]
  }),
)

/** A distribution and one of its numbers. */
export interface Published {
  distribution: string
  number: string
}

/** What a code name stands for: in its own distribution where one is given, else in the first that has it. */
export function publishedAs(codename: string, distribution?: string): Published | undefined {
  for (const [name, numbers] of NUMBERS) {
    const number = distribution === undefined || distribution === name ? numbers.get(codename) : undefined
    if (number !== undefined) return { distribution: name, number }
  }
  return undefined
}

/** Whether systems of a distribution have a number in every release, so that none is called by its code name. */
export function isNumbered(distribution: string): boolean {
  return NUMBERS.has(distribution)
}
