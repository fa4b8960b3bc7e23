/**
 * Functions of the C library by their names, for programs that are linked statically: there they stand in the program's own
 * file, without debuginfo. The standard's and POSIX's (ISO C 7.1.3: no program has others of these names), and glibc's own
 * beneath them. Pure.
 */

const NAMES = [
  // Memory.
  ...[
    'malloc',
    'calloc',
    'realloc',
    'reallocarray',
    'c?free',
    'memalign',
    'aligned_alloc',
    'posix_memalign',
    'p?valloc',
  ],
  ...[
    'malloc_(?:usable_size|trim|consolidate)',
    '_int_(?:malloc|free|realloc|memalign)\\w*',
    'sysmalloc\\w*',
    'systrim',
  ],
  ...['munmap_chunk', 'mremap_chunk', 'unlink_chunk', 'tcache_\\w+', 'arena_get\\w*', 'heap_trim', 'free_perturb'],
  ...['mem(?:r?chr|cmp|p?cpy|ccpy|move|set|mem|frob)', 'rawmemchr', '(?:explicit_)?bzero', 'bcopy', 'bcmp'],
  // Strings, narrow and wide, and numbers in them.
  ...[
    'str(?:n?len|n?cpy|n?cat|n?cmp|n?casecmp|casestr|r?chr|chrnul|str|c?spn|pbrk|tok|tok_r|sep|n?dup|coll|xfrm|lcpy|lcat)(?:_l)?',
  ],
  ...['str(?:error|signal|ftime|ptime|verscmp|fmon|fromd)(?:_l|_r)?', 'stpn?cpy', 'wcs\\w+', 'wmem\\w+', 'wcp\\w?cpy'],
  ...['mbs?r?n?to\\w+', 'wcr?tomb\\w*', 'btowc', 'wctob', 'mbr?len', 'strto(?:u?ll?|d|f|ld|[iu]max)(?:_l)?'],
  ...['ato(?:i|ll?|f)', '_*(?:str|wcs)to\\w*_internal'],
  // Streams.
  ...['_*v?(?:f|d|s|sn|as|w|fw|sw|obstack_)?(?:printf|scanf)(?:_internal)?', 'printf_(?:positional|fp\\w*|unknown)'],
  ...[
    '__printf_\\w+',
    'outstring\\w*',
    'buffered_vf\\w+',
    '_IO_\\w+',
    'f?puts(?:_unlocked)?',
    'f?putw?c(?:_unlocked)?',
  ],
  ...['putchar\\w*', 'f?getw?c(?:_unlocked)?', 'getchar\\w*', 'fgetw?s\\w*', 'gets', 'getline', 'getdelim', 'ungetw?c'],
  ...[
    'f(?:d|re)?open(?:64)?',
    'fmemopen',
    'open_memstream',
    'fclose\\w*',
    'fflush\\w*',
    'f(?:read|write)(?:_unlocked)?',
  ],
  ...['f(?:seeko?|tello?)(?:64)?', 'f(?:getpos|setpos|ileno|eof|error|purge)', 'setv?buf', 'perror', 'p(?:open|close)'],
  // Sorting, the environment, languages.
  ...[
    'qsort(?:_r)?',
    'msort_with_tmp',
    '_quicksort',
    'bsearch',
    'l(?:find|search)',
    't(?:find|search|delete|walk|destroy)',
  ],
  ...[
    'hsearch\\w*',
    '(?:secure_)?getenv',
    '(?:un)?setenv',
    'putenv',
    'clearenv',
    'setlocale',
    'localeconv',
    'newlocale',
  ],
  ...['nl_langinfo\\w*', 'd?c?n?gettext', 'iconv(?:_open|_close)?', '_*gconv\\w*'],
  // Patterns, folders, options.
  ...[
    'reg(?:comp|exec|error|free)',
    're_(?:compile|search|match|exec)\\w*',
    'fnmatch',
    'internal_fn\\w*match',
    'glob(?:free)?(?:64)?',
  ],
  ...[
    'wordexp',
    'n?ftw(?:64)?',
    'scandir\\w*',
    'readdir\\w*',
    '(?:open|close|rewind)dir',
    'getopt\\w*',
    '_getopt_internal\\w*',
  ],
  ...['getsubopt', 'argp_\\w+', 'realpath', 'mkd?temp\\w*', 'mkstemp\\w*', 'tmpfile\\w*'],
  // Jumps, threads, time, the network, the loader, the end.
  ...[
    '_*(?:sig)?(?:long|set)jmp',
    '_*pthread_(?!create)\\w+',
    'sem_(?:wait|post|init|destroy|open|close|\\w*wait)',
    '__lll_\\w+',
  ],
  ...['(?:asc|c|gm|local)time(?:_r)?', 'mktime', 'timegm', '__tz\\w+', 'getaddrinfo', 'gaih_\\w+', 'gethostby\\w+'],
  ...[
    'get(?:pw|gr)(?:nam|uid|gid|ent)(?:_r)?',
    'inet_\\w+',
    '_dl_\\w+',
    'dl(?:open|v?sym|close|error|addr|iterate_phdr)',
    '_nl_\\w+',
  ],
  ...['__libc_\\w+', 'exit', '__run_exit_handlers', 'syscall', 'nanosleep', 'usleep', 'sleep'],
]

const NAME = new RegExp(`^(?:${NAMES.join('|')})$`)

/** Whether a plain name (names.ts) is one of them. What has a source file is somebody's own, whatever it is called. */
export function isCFunction(name: string): boolean {
  return NAME.test(name)
}
