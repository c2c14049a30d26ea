#include "libs/protobuf/time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::protobuf {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;

TEST(TimeTest, ConvertsTimesBothWays) {
  for (const absl::Time time : {absl::UnixEpoch(), absl::FromUnixNanos(1'700'000'000'123'456'789),
                                absl::FromUnixNanos(-1)}) {
    EXPECT_THAT(FromProto(ToProto(time)), IsOkAndHolds(time));
  }
}

TEST(TimeTest, ConvertsDurationsBothWays) {
  for (const absl::Duration duration :
       {absl::ZeroDuration(), absl::Milliseconds(1500), -absl::Milliseconds(1500)}) {
    EXPECT_THAT(FromProto(ToProto(duration)), IsOkAndHolds(duration));
  }
}

TEST(TimeTest, ClampsInfiniteValuesToValidProtobuf) {
  EXPECT_OK(FromProto(ToProto(absl::InfiniteFuture())));
  EXPECT_OK(FromProto(ToProto(absl::InfinitePast())));
  EXPECT_OK(FromProto(ToProto(absl::InfiniteDuration())));
  EXPECT_OK(FromProto(ToProto(-absl::InfiniteDuration())));
}

TEST(TimeTest, ReportsOutOfRangeValuesAsViolations) {
  google::protobuf::Timestamp time;
  time.set_seconds(std::numeric_limits<std::int64_t>::max());
  google::protobuf::Duration mixed;
  mixed.set_seconds(1);
  mixed.set_nanos(-1);
  Violations violations;
  EXPECT_EQ(FromProto(time, "send_time", violations), absl::UnixEpoch());
  EXPECT_EQ(FromProto(mixed, "ttl", violations), absl::ZeroDuration());
  EXPECT_THAT(ViolationsOf(violations.ToStatus()),
              ElementsAre(Field(&FieldViolation::field, "send_time"),
                          Field(&FieldViolation::field, "ttl")));
}

}  // namespace
}  // namespace lmsmail::protobuf
