#include "libs/rpc/status.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <grpcpp/support/error_details.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/rpc/testing/matchers.h"
#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::rpc {
namespace {

using ::testing::HasSubstr;

constexpr ErrorContext kContext{.service = "template", .correlation_id = "abc"};

google::rpc::Status Details(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  return details;
}

template <typename Detail>
int Count(const grpc::Status& status) {
  int count = 0;
  const google::rpc::Status details = Details(status);
  for (const auto& detail : details.details()) count += detail.Is<Detail>() ? 1 : 0;
  return count;
}

google::rpc::ErrorInfo Info(const grpc::Status& status) {
  google::rpc::ErrorInfo info;
  EXPECT_TRUE(Details(status).details(0).UnpackTo(&info));
  return info;
}

TEST(StatusTest, OkStaysOk) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus(), kContext).ok());
  EXPECT_OK(FromGrpcStatus(grpc::Status::OK));
}

TEST(StatusTest, ConvertsEveryCodeBothWays) {
  for (int code = 1; code <= 16; ++code) {
    const grpc::Status sent =
        ToGrpcStatus(absl::Status(static_cast<absl::StatusCode>(code), "text"), kContext);
    EXPECT_EQ(sent.error_code(), code);
    EXPECT_EQ(Count<google::rpc::ErrorInfo>(sent), 1);
    EXPECT_EQ(FromGrpcStatus(sent).code(), static_cast<absl::StatusCode>(code));
  }
}

TEST(StatusTest, ConvertsViolationsAndReasonBothWays) {
  Violations violations;
  violations.Add("recipients[3].email_address", "has no domain");
  violations.Add("subject", "must not be empty");
  const absl::Status status = WithReason(violations.ToStatus(), {"BAD_MAIL", {{"key", "value"}}});

  const absl::Status back = FromGrpcStatus(ToGrpcStatus(status, kContext));

  EXPECT_EQ(back.message(), status.message());
  EXPECT_EQ(ViolationsOf(back), ViolationsOf(status));
  EXPECT_EQ(ReasonOf(back).reason, "BAD_MAIL");
  EXPECT_EQ(ReasonOf(back).metadata.at("key"), "value");
}

TEST(StatusTest, ErrorInfoNamesServiceAndReason) {
  const google::rpc::ErrorInfo info =
      Info(ToGrpcStatus(absl::NotFoundError("no such template"), kContext));
  EXPECT_EQ(info.domain(), "template.lmsmail");
  EXPECT_EQ(info.reason(), "NOT_FOUND");
}

TEST(StatusTest, ServerErrorsShowOnlyTheCorrelationId) {
  for (const absl::Status& error :
       {absl::InternalError("password"), absl::UnknownError("password"),
        WithReason(absl::DataLossError("password"), {"SECRET", {{"dsn", "password"}}})}) {
    const grpc::Status sent = ToGrpcStatus(error, kContext);
    EXPECT_EQ(sent.error_message(), "internal error");
    EXPECT_THAT(sent.error_details(), Not(HasSubstr("password")));
    EXPECT_EQ(Info(sent).metadata().at("correlation_id"), "abc");
  }
}

TEST(StatusTest, AddsRetryInfoForUnavailableAndExhausted) {
  EXPECT_EQ(Count<google::rpc::RetryInfo>(ToGrpcStatus(absl::UnavailableError(""), kContext)), 1);
  EXPECT_EQ(Count<google::rpc::RetryInfo>(ToGrpcStatus(absl::ResourceExhaustedError(""), kContext)),
            1);
  EXPECT_EQ(Count<google::rpc::RetryInfo>(ToGrpcStatus(absl::AbortedError(""), kContext)), 0);
}

TEST(StatusTest, FitsIntoTrailersWithManyViolations) {
  Violations violations;
  for (int i = 0; i < 500; ++i) {
    violations.Add("items[" + std::to_string(i) + "]", std::string(200, 'x'));
  }
  const grpc::Status sent = ToGrpcStatus(violations.ToStatus(), kContext);
  EXPECT_LT(sent.error_message().size() + sent.error_details().size() * 4 / 3, 7000u);
  EXPECT_THAT(sent, HasViolation("items[0]", std::string(200, 'x')));
}

TEST(StatusTest, TellsHowManyViolationsAreLeftOut) {
  Violations violations;
  for (int i = 0; i < 500; ++i) violations.Add("items[" + std::to_string(i) + "]", "is bad");
  google::rpc::Status item;
  ToItemStatus(violations.ToStatus(), item);
  for (const std::string& message :
       {ToGrpcStatus(violations.ToStatus(), kContext).error_message(), item.message()}) {
    EXPECT_THAT(message, HasSubstr(" of 500 violations are listed"));
  }
}

TEST(StatusTest, ItemsAreShortWhateverTheirErrors) {
  Violations violations;
  for (int i = 0; i < 100; ++i) violations.Add(std::string(70'000, 'f'), std::string(70'000, 'd'));
  google::rpc::Status item;
  ToItemStatus(violations.ToStatus(), item);
  EXPECT_LT(item.ByteSizeLong(), 2100u);
  ASSERT_EQ(item.details_size(), 1);
  google::rpc::BadRequest bad;
  ASSERT_TRUE(item.details(0).UnpackTo(&bad));
  EXPECT_GE(bad.field_violations_size(), 1);

  ToItemStatus(absl::InternalError("password"), item);
  EXPECT_EQ(item.message(), "internal error");
}

TEST(StatusTest, TruncatesLongMessagesBetweenCharacters) {
  std::string cyrillic = "x";
  for (int i = 0; i < 1000; ++i) cyrillic += "\xd0\x96";
  const std::string message = ToGrpcStatus(absl::AbortedError(cyrillic), kContext).error_message();
  EXPECT_THAT(message, ::testing::EndsWith("\xd0\x96..."));
}

TEST(StatusTest, AcceptsAStatusWithoutDetails) {
  EXPECT_THAT(FromGrpcStatus(grpc::Status(grpc::StatusCode::ABORTED, "raced", "no protobuf")),
              StatusIs(absl::StatusCode::kAborted, "raced"));
}

}  // namespace
}  // namespace lmsmail::rpc
