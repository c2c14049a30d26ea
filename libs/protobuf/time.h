#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/status/error_details.h"

namespace lmsmail::protobuf {

// Clamps to protobuf's range: the years 1 to 9999 and durations of 10,000 years.
google::protobuf::Timestamp ToProto(absl::Time time);
google::protobuf::Duration ToProto(absl::Duration duration);

// INVALID_ARGUMENT when out of protobuf's range.
absl::StatusOr<absl::Time> FromProto(const google::protobuf::Timestamp& time);
absl::StatusOr<absl::Duration> FromProto(const google::protobuf::Duration& duration);

// The same for the field of a request: adds an error to `violations` and returns the epoch or zero.
absl::Time FromProto(const google::protobuf::Timestamp& time, std::string_view field,
                     Violations& violations);
absl::Duration FromProto(const google::protobuf::Duration& duration, std::string_view field,
                         Violations& violations);

}  // namespace lmsmail::protobuf
