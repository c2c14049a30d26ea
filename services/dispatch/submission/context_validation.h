#pragma once

#include <google/protobuf/struct.pb.h>

#include <memory>
#include <string_view>
#include <utility>

#include "libs/status/error_details.h"
#include "services/dispatch/rendering/template_source.h"

namespace lmsmail::dispatch {

// Whether contexts hold what a version of a template wants of its senders, so that a caller learns
// of a missing variable at once, and not from a mail that failed an hour later.
class ContextValidation {
 public:
  ContextValidation(std::shared_ptr<const CompiledVersion> version,
                    google::protobuf::Struct shared_context)
      : version_(std::move(version)), shared_context_(std::move(shared_context)) {}

  // Faults are those of "{prefix}context.course.title". Thread-safe.
  void Check(const google::protobuf::Struct& context, std::string_view prefix,
             Violations& violations) const;

 private:
  std::shared_ptr<const CompiledVersion> version_;
  google::protobuf::Struct shared_context_;
};

}  // namespace lmsmail::dispatch
