#include "libs/protobuf/time.h"

#include <algorithm>
#include <cstdint>

namespace lmsmail::protobuf {
namespace {

// google/protobuf/timestamp.proto: 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z.
constexpr std::int64_t kFirstSecond = -62'135'596'800;
constexpr std::int64_t kLastSecond = 253'402'300'799;
// google/protobuf/duration.proto: +-10,000 years.
constexpr std::int64_t kMaxSeconds = 315'576'000'000;
constexpr std::int32_t kNanosPerSecond = 1'000'000'000;

}  // namespace

google::protobuf::Timestamp ToProto(absl::Time time) {
  const absl::Time first = absl::FromUnixSeconds(kFirstSecond);
  const absl::Time last =
      absl::FromUnixSeconds(kLastSecond) + absl::Nanoseconds(kNanosPerSecond - 1);
  time = std::clamp(time, first, last);
  google::protobuf::Timestamp proto;
  proto.set_seconds(absl::ToUnixSeconds(time));
  proto.set_nanos(static_cast<std::int32_t>(
      absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(proto.seconds()))));
  return proto;
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  const absl::Duration max = absl::Seconds(kMaxSeconds);
  duration = std::clamp(duration, -max, max);
  google::protobuf::Duration proto;
  absl::Duration rest;
  proto.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  proto.set_nanos(static_cast<std::int32_t>(absl::ToInt64Nanoseconds(rest)));
  return proto;
}

absl::StatusOr<absl::Time> FromProto(const google::protobuf::Timestamp& time) {
  if (time.seconds() < kFirstSecond || time.seconds() > kLastSecond || time.nanos() < 0 ||
      time.nanos() >= kNanosPerSecond) {
    return absl::InvalidArgumentError("is not a time between the years 1 and 9999");
  }
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

absl::StatusOr<absl::Duration> FromProto(const google::protobuf::Duration& duration) {
  const bool mixed_signs = (duration.seconds() > 0 && duration.nanos() < 0) ||
                           (duration.seconds() < 0 && duration.nanos() > 0);
  if (duration.seconds() < -kMaxSeconds || duration.seconds() > kMaxSeconds ||
      duration.nanos() <= -kNanosPerSecond || duration.nanos() >= kNanosPerSecond || mixed_signs) {
    return absl::InvalidArgumentError("is not a duration of at most 10,000 years");
  }
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

absl::Time FromProto(const google::protobuf::Timestamp& time, std::string_view field,
                     Violations& violations) {
  const absl::StatusOr<absl::Time> converted = FromProto(time);
  if (converted.ok()) return *converted;
  violations.Add(std::string(field), std::string(converted.status().message()));
  return absl::UnixEpoch();
}

absl::Duration FromProto(const google::protobuf::Duration& duration, std::string_view field,
                         Violations& violations) {
  const absl::StatusOr<absl::Duration> converted = FromProto(duration);
  if (converted.ok()) return *converted;
  violations.Add(std::string(field), std::string(converted.status().message()));
  return absl::ZeroDuration();
}

}  // namespace lmsmail::protobuf
