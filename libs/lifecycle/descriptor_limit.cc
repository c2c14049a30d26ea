#include "libs/lifecycle/descriptor_limit.h"

namespace lmsmail::lifecycle {

rlimit RaiseDescriptorLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  rlimit raised = limit;
  raised.rlim_cur = raised.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised : limit;
}

}  // namespace lmsmail::lifecycle
