#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/rpc/call_info.h"

namespace lmsmail::report {

struct Preview {
  std::string subject;
  std::string html;
  std::string text;
  std::vector<std::string> warnings = {};
};

// Renders the weekly mail without sending it. Thread-safe.
class Previewer {
 public:
  virtual ~Previewer() = default;
  // `student` is its id.
  virtual absl::StatusOr<Preview> Render(const std::string& student,
                                         const google::protobuf::Struct& context,
                                         const rpc::CallInfo& call) = 0;
};

}  // namespace lmsmail::report
