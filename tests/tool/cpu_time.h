#pragma once

#include <cstdint>

namespace lmsmail {

// User and system CPU time of this process, in microseconds.
std::int64_t CpuMicroseconds();

}  // namespace lmsmail
