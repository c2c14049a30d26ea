#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace lmsmail::report {

struct Course {
  std::string id;
  std::string title = {};
  std::string url = {};
  std::string instructor_name = {};
  std::int32_t lesson_count = 0;  // 0: unknown
  absl::Time update_time = absl::UnixEpoch();

  bool operator==(const Course&) const = default;
};

}  // namespace lmsmail::report
