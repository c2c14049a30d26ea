#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/client_call.h"
#include "libs/service/testing/service_process.h"
#include "libs/status/status_macros.h"
#include "libs/testing/status_matchers.h"
#include "lmsmail/preference/v1/preference_service.grpc.pb.h"

// Tests of the binary: its keys, migrations and wiring.
namespace lmsmail::preference {
namespace {

using service::ServiceProcess;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Binary() { return LMSMAIL_PREFERENCE_BINARY; }

// Uses its own connection. An idle connection closes only after seconds, and a clean shutdown would
// wait for that.
absl::StatusOr<v1::CheckRecipientsResponse> RegisterAndCheckAnn(int port) {
  using Stub = v1::PreferenceService::StubInterface;
  LMSMAIL_ASSIGN_OR_RETURN(const auto channel,
                           rpc::NewChannel({.target = fmt::format("127.0.0.1:{}", port)}));
  const auto stub = v1::PreferenceService::NewStub(channel);
  v1::UpsertRecipientsRequest upsert;
  upsert.add_recipients()->set_name("recipients/ann");
  upsert.mutable_recipients(0)->set_email_address("ann@example.com");
  LMSMAIL_RETURN_IF_ERROR(
      rpc::Call(*stub, &Stub::UpsertRecipients, upsert, rpc::WithTimeout(absl::Seconds(30)))
          .status());
  v1::CheckRecipientsRequest check;
  check.add_checks()->set_recipient("recipients/ann");
  check.mutable_checks(0)->set_category(lmsmail::type::v1::CATEGORY_PAYMENT);
  return rpc::Call(*stub, &Stub::CheckRecipients, check, rpc::WithTimeout(absl::Seconds(30)));
}

TEST(PreferenceMainTest, RegistersAndChecks) {
  ASSERT_OK_AND_ASSIGN(const std::string dsn, postgres::EmbeddedPostgres::Shared().NewDatabase());
  const std::string keys = ::testing::TempDir() + "/preference_main_test.keys";
  std::ofstream(keys) << "k1:" << std::string(64, 'a') << '\n';
  std::filesystem::permissions(keys, std::filesystem::perms(0600));
  ServiceProcess process(Binary(),
                         {"--postgres.dsn=" + dsn, "--keys_file=" + keys, "--listen=127.0.0.1:0",
                          "--metrics_listen=127.0.0.1:0", "--postgres.probe_interval=20ms",
                          "--school.public_url=https://mail.school.example"});
  const int port = process.WaitForPort();
  ASSERT_NE(process.WaitForLine("\"serving\""), "") << process.log();
  ASSERT_OK_AND_ASSIGN(const v1::CheckRecipientsResponse response, RegisterAndCheckAnn(port));
  EXPECT_EQ(response.verdicts(0).decision(), v1::Verdict::DECISION_ALLOW);
  EXPECT_EQ(response.verdicts(0).email_address(), "ann@example.com");
  EXPECT_THAT(response.verdicts(0).preferences_url(), StartsWith("https://mail.school.example/p/"));
  process.Signal(SIGTERM);
  EXPECT_EQ(process.WaitForExit(), 0);
  EXPECT_THAT(process.log(), ::testing::Not(HasSubstr("ann@example.com")));
}

}  // namespace
}  // namespace lmsmail::preference
