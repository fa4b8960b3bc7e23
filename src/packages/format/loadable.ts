/**
 * Which paths of an index are worth a row: what a process can have mapped as code, and dwz files; headers, pictures,
 * interpreted code and the like are not. A file with an ending that is not known here is kept: a row costs 80 bytes,
 * a library that is not found a whole retrace.
 */

/** Endings of files that are never loaded as ELF; the commonest of bookworm's, by count. */
const NEVER_ELF = new Set(
  ('py pyc pyi pxd pyx h hpp hxx hh inc inl in ads ali adb ko o a la hi dyn_hi p_hi p_dyn_hi hs cmake ' +
    'shader_test frag vert geom comp tese tesc glsl rds rdb rdx rda R r Rmd Rd dep txt md rst cmi cmo cma ' +
    'cmx cmxa cmt cmti ml mli zo rkt ss scm sls go gox png svg gif jpg jpeg ico xpm bmp webp pc pm pl t al ' +
    'ld pod mod smod qml qmltypes js ts mjs cjs map css html htm xhtml xml json yml yaml toml ini cfg conf ' +
    'rb erb beam hrl erl app ex exs ppu fpc pas pp lpi lfm lrs vo vos vok v glob d di td def m mm java class ' +
    'jar war c cc cpp cxx cl service socket timer target path mount sh bash zsh csh fish tcl tk lua ttl ui ' +
    'glade desktop gz xz bz2 zst zip tar mo po pot typelib gir rules prf pri pro qm qrc lang dat data csv ' +
    'tsv f f90 f95 inst install list log lst diff patch sql hlp htb pdf ps eps tex sty ttf otf pfb afm tfm ' +
    'vf enc fasl lisp asd el elc ijs ijstest dll dats sats hats cr prg module uce sed awk vim php phpt swg i ' +
    'nim zig rs rlib rmeta sig ngp wasm ogg wav mp3 mid fits').split(' '),
)

/** Whether a path (relative, as in Debian's Contents) can be a program, a library or a dwz file. */
export function canBeLoaded(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (name === '' || path.length > 1000) return false
  if (name.endsWith('.so') || name.includes('.so.')) return true
  if (path.startsWith('usr/lib/debug/')) return path.startsWith('usr/lib/debug/.dwz/')
  if (!/^(usr\/)?(s?bin|lib[a-z0-9]*|games|local)\/|^opt\//.test(path)) return false
  if (/^(usr\/)?lib\/(modules|firmware)\/|\/include\//.test(path)) return false
  const dot = name.lastIndexOf('.')
  return dot <= 0
    ? !/\/site-library\/|\/dist-packages\/.*(-info|\.egg)\//.test(path)
    : !NEVER_ELF.has(name.slice(dot + 1))
}
