#include "libs/status/error_details.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace lmsmail {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Violations, AreOkWhenEmpty) { EXPECT_OK(Violations().ToStatus()); }

TEST(Violations, ReportAllFieldsAtOnce) {
  Violations violations;
  violations.Add("a", "is required");
  Violations nested;
  nested.Add("zip", "has 4 digits, wants 5");
  violations.AddNested("address", nested);

  const absl::Status status = violations.ToStatus();

  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument,
                               "a: is required; address.zip: has 4 digits, wants 5"));
  EXPECT_THAT(ViolationsOf(status),
              ElementsAre(FieldViolation{"a", "is required"},
                          FieldViolation{"address.zip", "has 4 digits, wants 5"}));
}

TEST(Violations, BoundTheMessageAndKeepTheCount) {
  Violations violations;
  for (int i = 0; i < 1000; ++i) violations.Add("field", std::string(50, 'x'));

  const absl::Status status = violations.ToStatus();

  EXPECT_LT(status.message().size(), 2000u);
  EXPECT_THAT(std::string(status.message()), HasSubstr("and 980 more"));
  EXPECT_EQ(ViolationsOf(status).size(), 1000u);
}

TEST(Reason, IsReturnedWithItsMetadata) {
  const absl::Status status =
      WithReason(absl::UnavailableError("no"), {"QUEUE_FULL", {{"depth", "7"}, {"lane", "bulk"}}});

  const Reason reason = ReasonOf(status);

  EXPECT_EQ(reason.reason, "QUEUE_FULL");
  EXPECT_EQ(reason.metadata.at("lane"), "bulk");
  EXPECT_EQ(ReasonOf(absl::UnavailableError("no")).reason, "");
}

}  // namespace
}  // namespace lmsmail
