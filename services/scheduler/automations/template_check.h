#pragma once

#include <string>

#include "absl/status/status.h"

namespace lmsmail::scheduler {

// Knows whether mail can be sent with a template. Thread-safe.
class TemplateCheck {
 public:
  virtual ~TemplateCheck() = default;

  // INVALID_ARGUMENT when there is no such template or it is not published; another error when that
  // cannot be told now.
  virtual absl::Status CheckTemplate(const std::string& template_name) = 0;
};

}  // namespace lmsmail::scheduler
