# shellcheck shell=bash
# Building. Source it; LMSMAIL_ROOT is the checkout.

# build TARGET...: configures once and builds into build/release; shows progress.
build() {
  local cmake
  cmake=(cmake --build "$LMSMAIL_ROOT/build/release" --parallel "$(nproc)" --target "$@")
  if [[ ! -f $LMSMAIL_ROOT/build/release/build.ninja ]]; then
    (cd "$LMSMAIL_ROOT" && cmake --preset release >"$LMSMAIL_ROOT/build-configure.log" 2>&1) || {
      cat "$LMSMAIL_ROOT/build-configure.log"
      rm -f "$LMSMAIL_ROOT/build-configure.log"
      return 1
    }
    rm -f "$LMSMAIL_ROOT/build-configure.log"
  fi
  "${cmake[@]}"
}
