#include "libs/service/traces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace lmsmail::service {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsNull;

absl::Status Check(const TracesConfig& config) {
  Violations violations;
  config.Check(violations);
  return violations.ToStatus();
}

TEST(TracesTest, TakesTheRootOfACollector) {
  for (const char* endpoint : {"", "http://collector:4318", "https://traces.example/otlp/",
                               "http://[::1]:4318", "http://127.0.0.1:4318/"}) {
    EXPECT_OK(Check({.endpoint = endpoint, .authorities = {}})) << endpoint;
  }
  for (const char* endpoint :
       {"collector:4318", "grpc://collector:4317", "http://", "http://:4318", "http:///x",
        "http://collector:4318/v1/traces", "http://user:secret@collector", "http://a b",
        "http://collector?x=1"}) {
    EXPECT_THAT(Check({.endpoint = endpoint, .authorities = {}}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("traces.endpoint")))
        << endpoint;
  }
}

TEST(TracesTest, NamesAllKeysThatNeedTheEndpoint) {
  EXPECT_THAT(Check({.endpoint = {}, .authorities = "ca.pem", .sample_ratio = 0.1}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("traces.sample_ratio"), HasSubstr("traces.authorities"))));
}

TEST(TracesTest, ExportsNothingWithoutAnEndpoint) {
  telemetry::Metrics metrics({.service = "test", .version = "1"});
  ASSERT_OK_AND_ASSIGN(const auto exporter, StartTraces({}, "test", metrics));
  EXPECT_THAT(exporter, IsNull());
}

}  // namespace
}  // namespace lmsmail::service
