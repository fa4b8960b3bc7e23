# Sourced by the scripts of ops/: how they speak, and how they fail.

say() { printf '%s: %s\n' "$(basename "$0")" "$*"; }

# fail SENTENCE: says what is wrong and what to do, and ends with 1.
fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# with_progress TEXT COMMAND...: runs COMMAND with its output in a file, prints a line every 15 seconds, and the end of
# that output when it fails.
with_progress() {
  local text=$1 output started child status=0
  shift
  output=$(mktemp)
  started=$SECONDS
  say "$text"
  "$@" >"$output" 2>&1 &
  child=$!
  while kill -0 "$child" 2>/dev/null; do
    for _ in $(seq 150); do
      kill -0 "$child" 2>/dev/null || break
      sleep 0.1
    done
    kill -0 "$child" 2>/dev/null && say "  ... $((SECONDS - started)) s: $(tail -n 1 "$output" | cut -c1-100)"
  done
  wait "$child" || status=$?
  if [ "$status" -ne 0 ]; then
    tail -n 30 "$output" >&2
    # A program whose disk is full does not always say so, and its words may have had no room.
    [ "$(df --output=avail -k "$output" | tail -n 1)" -ge 1024 ] || say "there is no room left beside $output (TMPDIR)" >&2
  fi
  rm -f "$output"
  return "$status"
}
