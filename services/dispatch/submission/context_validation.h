#pragma once

#include <google/protobuf/struct.pb.h>

#include <memory>
#include <string_view>
#include <utility>

#include "libs/status/error_details.h"
#include "services/dispatch/rendering/template_source.h"

namespace lmsmail::dispatch {

// Checks contexts against the variables that a template version requires, so that the caller gets
// the error at once instead of a mail that fails when it is rendered. Thread-safe.
class ContextValidation {
 public:
  ContextValidation(std::shared_ptr<const CompiledVersion> version,
                    google::protobuf::Struct shared_context)
      : version_(std::move(version)), shared_context_(std::move(shared_context)) {}

  // The fields of the violations look like "{prefix}context.course.title".
  void Check(const google::protobuf::Struct& context, std::string_view prefix,
             Violations& violations) const;

 private:
  std::shared_ptr<const CompiledVersion> version_;
  google::protobuf::Struct shared_context_;
};

}  // namespace lmsmail::dispatch
