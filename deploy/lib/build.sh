# shellcheck shell=bash
# Functions to build the project. To be sourced; LMSMAIL_ROOT is the checkout, and LMSMAIL_PRESET the
# preset in CMakePresets.json.
LMSMAIL_PRESET=release

# build TARGET...: builds the targets in the folder of the preset. Configures the folder first if needed.
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
