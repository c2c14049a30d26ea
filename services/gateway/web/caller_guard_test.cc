#include "services/gateway/web/caller_guard.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/hash/sha256.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/temporary_folder.h"

namespace lmsmail::gateway {
namespace {

class CallerGuardTest : public ::testing::Test {
 protected:
  CallerGuardTest() {
    folder_.Write("callers.yaml",
                  fmt::format("callers: {{lms: {{roles: [sender], token_sha256: {}}}}}\n",
                              hash::Sha256Hex("t")));
    auto callers =
        identity::CallerDirectory::Open((folder_.path() / "callers.yaml").string(), clock_);
    EXPECT_OK(callers);
    callers_ = *std::move(callers);
  }

  // The status of the refusal, or 0.
  static int Refused(const CallerGuard& guard, const std::string& path,
                     const std::string& authorization) {
    const http_server::Admit admit =
        guard.Guard([](const http_server::Request&) { return http_server::Admission{}; });
    http_server::Request request;
    request.method = "POST";
    request.path = path;
    if (!authorization.empty()) request.headers.Add("Authorization", authorization);
    const http_server::Admission admission = admit(request);
    return admission.refusal ? admission.refusal->status : 0;
  }

  const TemporaryFolder folder_;
  const SystemClock clock_;
  std::unique_ptr<identity::CallerDirectory> callers_;
};

TEST_F(CallerGuardTest, AdmitsKnownCallersOnly) {
  const CallerGuard guard(callers_.get());
  EXPECT_EQ(Refused(guard, "/openapi.json", "Bearer t"), 0);
  EXPECT_EQ(Refused(guard, "/openapi.json", "Bearer u"), 401);
  EXPECT_EQ(Refused(guard, "/openapi.json", ""), 401);
  EXPECT_EQ(Refused(guard, "/lmsmail.dispatch.v1.DispatchService/Send", ""), 401);
}

TEST_F(CallerGuardTest, AdmitsProbes) {
  const CallerGuard guard(callers_.get());
  EXPECT_EQ(Refused(guard, "/healthz", ""), 0);
  EXPECT_EQ(Refused(guard, "/readyz", ""), 0);
  EXPECT_EQ(Refused(guard, "/readyz/x", ""), 401);
}

TEST_F(CallerGuardTest, AdmitsEverybodyWithoutADirectory) {
  EXPECT_EQ(Refused(CallerGuard(nullptr), "/openapi.json", ""), 0);
}

}  // namespace
}  // namespace lmsmail::gateway
