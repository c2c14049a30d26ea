#include "services/gateway/web/http_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lmsmail::gateway {
namespace {

using ::testing::HasSubstr;

TEST(HttpMetricsTest, CountsByLabels) {
  telemetry::Metrics metrics({.service = "gateway", .version = "test"});
  const http_server::AccessHook hook = CountRequests(metrics, "public");
  for (int i = 0; i < 3; ++i) {
    hook({.method = "GET", .route = "/u/{token}", .status = 200, .duration = absl::Seconds(1)});
  }
  hook({.method = "GET", .route = "/u/{token}", .status = 404, .duration = absl::Seconds(1)});
  hook({.method = "POST", .route = "", .status = 0, .duration = absl::Seconds(1)});
  const std::string text = metrics.Serialize();
  for (
      const char* line :
      {R"(lmsmail_http_requests_total{listener="public",method="GET",route="/u/{token}",status="200"} 3)",
       R"(lmsmail_http_requests_total{listener="public",method="GET",route="/u/{token}",status="404"} 1)",
       R"(lmsmail_http_requests_total{listener="public",method="POST",route="none",status="0"} 1)",
       R"(lmsmail_http_request_seconds_count{listener="public",route="/u/{token}"} 4)"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

}  // namespace
}  // namespace lmsmail::gateway
