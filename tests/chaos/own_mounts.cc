#include "tests/chaos/own_mounts.h"

#include <sched.h>
#include <sys/mount.h>

namespace lmsmail::chaos {

bool HaveOwnMounts() {
  return ::unshare(CLONE_NEWNS) == 0 &&
         ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

}  // namespace lmsmail::chaos
