// Memory stays bounded whatever callers send.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/service/testing/memory_attack.h"
#include "libs/service/testing/service_process.h"
#include "libs/testing/sanitizer_options.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::dispatch {
namespace {

TEST(MemoryTest, StaysBoundedUnderAnAttack) {
  ASSERT_OK_AND_ASSIGN(const std::string dsn, postgres::EmbeddedPostgres::Shared().NewDatabase());
  service::ServiceProcess process(
      LMSMAIL_DISPATCH_BINARY,
      {"--postgres.dsn=" + dsn, "--listen=127.0.0.1:0", "--metrics_listen=127.0.0.1:0",
       "--postgres.probe_interval=20ms", "--rpc.stream_idle=2s", "--template.target=127.0.0.1:1",
       "--preference.target=127.0.0.1:1", "--school.name=S", "--school.url=https://s.example"});
  const int port = process.WaitForPort();
  ASSERT_NE(process.WaitForLine("\"serving\""), "") << process.log();
  const std::int64_t before = process.PeakMemory();
  const std::string service = "/lmsmail.dispatch.v1.DispatchService/";
  const service::AttackResult result = service::Run({.port = port,
                                                     .methods = {{service + "Send", {4}},
                                                                 {service + "SendBatch", {2, 2}},
                                                                 {service + "SendBulk", {2, 2}}},
                                                     .stream = service + "SendBulk"});
  EXPECT_EQ(result.compressed_accepted, 0);
  EXPECT_EQ(result.large_accepted, 0);
  const std::int64_t peak = process.PeakMemory();
  fmt::print("resident memory: {} MB before, {} MB at most; {} of {} calls refused\n", before >> 20,
             peak >> 20, result.refused, result.calls);
  if (kSanitized) GTEST_SKIP() << "the sanitizer's own memory hides that of the service";
  EXPECT_LT(peak, 300 << 20);
}

}  // namespace
}  // namespace lmsmail::dispatch
