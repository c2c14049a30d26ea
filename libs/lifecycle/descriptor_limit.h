#pragma once

#include <sys/resource.h>

namespace lmsmail::lifecycle {

// Raises the soft limit of open file descriptors (RLIMIT_NOFILE) to the hard limit, and returns the
// limits in force. The usual soft limit of 1024 is for programs that call select().
rlimit RaiseDescriptorLimit();

}  // namespace lmsmail::lifecycle
