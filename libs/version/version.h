#pragma once

// What this program was built from.
namespace lmsmail::version {

extern const char kVersion[];  // "0.1.0", of CMakeLists.txt
// The commit, abbreviated; "-dirty" follows if files differed from it. "unknown" when the build had
// neither git nor -DLMSMAIL_COMMIT.
extern const char kCommit[];

}  // namespace lmsmail::version
