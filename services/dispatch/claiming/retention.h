#pragma once

#include <map>

#include "absl/time/time.h"

#include "libs/category/category.h"

namespace lmsmail::dispatch {

// For how long the log keeps mail, counted from the day (UTC) on which it was due.
struct Retention {
  // Context, address and what servers said, of mail that has ended. A category that is not here
  // keeps them as long as its outcomes.
  std::map<Category, absl::Duration> content;
  // All the rest, and the keys that the mail was accepted under.
  absl::Duration outcomes = absl::InfiniteDuration();
};

}  // namespace lmsmail::dispatch
