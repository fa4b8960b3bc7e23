/** What begins a line of the log that is a frame of the crashed thread, said as soon as it is known. */
export const THREAD = 'thread: '
