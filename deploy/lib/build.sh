# shellcheck shell=bash
# Building. Source it; LMSMAIL_ROOT is the checkout, LMSMAIL_PRESET what to build of CMakePresets.json.
LMSMAIL_PRESET=release

# build TARGET...: configures once and builds into the preset's folder; shows progress.
build() {
  local cmake folder=$LMSMAIL_ROOT/build/$LMSMAIL_PRESET
  cmake=(cmake --build "$folder" --parallel "$(nproc)" --target "$@")
  if [[ ! -f $folder/build.ninja ]]; then
    (cd "$LMSMAIL_ROOT" &&
      cmake --preset "$LMSMAIL_PRESET" >"$LMSMAIL_ROOT/build-configure.log" 2>&1) || {
      cat "$LMSMAIL_ROOT/build-configure.log"
      rm -f "$LMSMAIL_ROOT/build-configure.log"
      return 1
    }
    rm -f "$LMSMAIL_ROOT/build-configure.log"
  fi
  "${cmake[@]}"
}
