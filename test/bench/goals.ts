/**
 * The goals of the figures that docs/goals.md has a row for: a test compares the two, and no file of the bench gives one of
 * these figures another goal. What else the bench measures has its goal beside it.
 */
export const GOALS = {
  'worker-over-gdb': 0.7,
  'worker-over-gdb-evince': 0.8,
  'worker-over-gdb-firefox': 1,
  'worker-over-gdb-thunderbird': 1,
  'worker-over-gdb-impress': 0.8,
  'worker-over-gdb-ceph-osd-first': 1.1,
  'worker-over-gdb-ceph-osd': 0.4,
  'memory-over-gdb-ceph-osd': 0.5,
  'last-byte-to-gdb': 100,
  'cold-over-one-by-one-evince': 0.6,
  'cold-over-one-by-one-firefox': 0.6,
  'upload-xz-over-tar': 1.05,
  'upload-gzip-over-tar': 1.05,
  'upload-zstd-over-tar': 1.05,
  'upload-none-over-tar': 1.05,
  'retrace-threads-1500-over-gdb': 1.1,
  'worker-before-gdb': 100,
  'build-id-lookup-p99': 0.1,
  'status-10000-over-100-tasks': 1.25,
  'status-10000-tasks-p99': 5,
  'status-one-connection': 1,
  'server-start-10000-tasks': 0.7,
  'server-rss-idle': 90,
  'server-rss-after-status': 90,
  'keep-over-dpkg-deb': 1.1,
  'rpm-keep-over-rpm2archive': 1.1,
} as const

/** What a figure that is held to docs/goals.md is called. */
export type Held = keyof typeof GOALS
