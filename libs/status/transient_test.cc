#include "libs/status/transient.h"

#include <gtest/gtest.h>

namespace lmsmail {
namespace {

TEST(IsTransientTest, IsTrueForOutagesOverloadLostRacesAndLostReplies) {
  EXPECT_TRUE(IsTransient(absl::UnavailableError("")));
  EXPECT_TRUE(IsTransient(absl::DeadlineExceededError("")));
  EXPECT_TRUE(IsTransient(absl::AbortedError("")));
  EXPECT_TRUE(IsTransient(absl::CancelledError("")));
  EXPECT_TRUE(IsTransient(absl::ResourceExhaustedError("")));
  EXPECT_TRUE(IsTransient(absl::UnknownError("")));
}

TEST(IsTransientTest, IsFalseForSuccessAndForErrorsThatRepeat) {
  EXPECT_FALSE(IsTransient(absl::OkStatus()));
  EXPECT_FALSE(IsTransient(absl::InvalidArgumentError("")));
  EXPECT_FALSE(IsTransient(absl::NotFoundError("")));
  EXPECT_FALSE(IsTransient(absl::AlreadyExistsError("")));
  EXPECT_FALSE(IsTransient(absl::PermissionDeniedError("")));
  EXPECT_FALSE(IsTransient(absl::FailedPreconditionError("")));
  EXPECT_FALSE(IsTransient(absl::OutOfRangeError("")));
  EXPECT_FALSE(IsTransient(absl::UnimplementedError("")));
  EXPECT_FALSE(IsTransient(absl::InternalError("")));
  EXPECT_FALSE(IsTransient(absl::DataLossError("")));
  EXPECT_FALSE(IsTransient(absl::UnauthenticatedError("")));
}

}  // namespace
}  // namespace lmsmail
