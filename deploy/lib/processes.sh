# shellcheck shell=bash
# Functions for background processes with pid files in $LOCAL/run and logs in $LOCAL/log. To be sourced.

# running NAME: succeeds if the process runs. A process of another program that has reused the pid does
# not count.
running() {
  local pid file="$LOCAL/run/$1.pid"
  [[ -f $file ]] || return 1
  read -r pid <"$file"
  # If the process ends during these steps, it does not run.
  { tr '\0' '\n' <"/proc/$pid/environ"; } 2>/dev/null | grep -qx "LMSMAIL_PROCESS=$LOCAL/$1"
}

# current NAME: succeeds if the process runs the current binary with the current configuration.
current() {
  local pid
  running "$1" || return 1
  read -r pid <"$LOCAL/run/$1.pid"
  [[ $(readlink "/proc/$pid/exe") != *' (deleted)' && ! $LOCAL/config/$1.yaml -nt $LOCAL/run/$1.pid ]]
}

# start NAME COMMAND...: starts the command detached from the terminal.
start() {
  local name=$1
  shift
  mkdir -p "$LOCAL/run" "$LOCAL/log"
  LMSMAIL_PROCESS="$LOCAL/$name" setsid nohup "$@" >>"$LOCAL/log/$name.log" 2>&1 </dev/null &
  echo $! >"$LOCAL/run/$name.pid"
}

# stop NAME SECONDS: sends SIGTERM, and SIGKILL if the process still runs after that time.
stop() {
  local pid file="$LOCAL/run/$1.pid" tenths=$(($2 * 10))
  if running "$1"; then
    read -r pid <"$file"
    kill -TERM "$pid"
    while running "$1" && ((tenths-- > 0)); do sleep 0.1; done
    if running "$1"; then
      printf '%s did not stop within %s s; killed.\n' "$1" "$2"
      kill -KILL "$pid"
    fi
  fi
  rm -f "$file"
}
