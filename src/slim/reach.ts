/**
 * Which memory the words of stacks and registers lead to, and what that leads to, nearest first, until the budget is
 * used up. Pure. Owns the order; each thing that is pointed to counts with its first bytes only, so that a list of a
 * thousand entries is followed rather than what happens to lie beside the first.
 */
import { PAGE, type Pages } from './pages.ts'
import { type WordForm, wordsIn } from './words.ts'

/** Of what is pointed to: kept, in bytes before and behind the address. */
const BEFORE = 64
const BEHIND = 512
/** Of it, searched for further addresses. */
const SEARCHED = 320
/** Things that are followed at most: a budget of whole pages ends sooner. */
const MAX_THINGS = 400_000
const GRAIN = 64

/** Keeps pages within `budget` bytes; `roots` in the order of their weight. What is not `isIn` is followed, and not kept. */
export function keepReachable(
  pages: Pages,
  roots: Iterable<number>,
  { budget, form, isIn = () => true }: { budget: number; form: WordForm; isIn?: (address: number) => boolean },
): void {
  let left = Math.floor(budget / PAGE)
  const seen = new Set<number>()
  const queue: number[] = []
  const add = (address: number) => {
    const grain = Math.floor(address / GRAIN)
    if (queue.length >= MAX_THINGS || seen.has(grain) || pages.areaAt(address) === undefined) return
    if (pages.kept.get(Math.floor(address / PAGE)) === 'stacks') return
    seen.add(grain)
    queue.push(address)
  }
  for (const root of roots) add(root)
  for (let at = 0; at < queue.length && left > 0; at++) {
    const address = queue[at] ?? 0
    if (isIn(address)) left -= pages.keep('pointed', Math.max(0, address - BEFORE), address + BEHIND)
    for (const word of wordsIn(pages, address, address + SEARCHED, form)) add(word)
  }
}
