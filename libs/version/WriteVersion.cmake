# Writes OUT, the source of libs/version, unless it already says the same: only then is anything
# compiled and linked again. COMMIT, if not empty, is used instead of asking git, so that an image can
# be built from a tree without .git.
if(NOT COMMIT)
  execute_process(COMMAND git -C ${SOURCE_DIR} describe --always --dirty --abbrev=12 --exclude=*
                  OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT COMMIT)
  set(COMMIT unknown)
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT [[
#include "libs/version/version.h"

namespace lmsmail::version {

const char kVersion[] = "@VERSION@";
const char kCommit[] = "@COMMIT@";

}  // namespace lmsmail::version
]] @ONLY)
