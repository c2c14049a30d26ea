#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>
#include <utility>

#include "libs/protobuf/deterministic_bytes.h"

namespace lmsmail::dispatch {

// The values that one mail is rendered with, parsed for validation and serialized for storage.
class MailContext {
 public:
  MailContext() = default;
  // `values` must outlive this.
  explicit MailContext(const google::protobuf::Struct& values)
      : values_(&values), bytes_(protobuf::DeterministicBytes(values)) {}

  const google::protobuf::Struct& values() const { return *values_; }
  // A serialized Struct. Equal values have equal bytes.
  const std::string& bytes() const& { return bytes_; }
  std::string bytes() && { return std::move(bytes_); }

 private:
  const google::protobuf::Struct* values_ = &google::protobuf::Struct::default_instance();
  std::string bytes_;
};

}  // namespace lmsmail::dispatch
