#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <vector>

#include "libs/http_server/server.h"
#include "libs/http_server/testing/raw_client.h"
#include "libs/lifecycle/descriptor_limit.h"
#include "libs/testing/sanitizer_options.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::http_server {
namespace {

using testing::RawClient;

int64_t ResidentBytes() {
  int64_t pages = 0;
  int64_t resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

// Connections that have sent nothing, that have been served, and that hold a request open, cost
// next to no memory, and others are served beside them.
TEST(IdleConnectionsTest, CostLittleMemory) {
  const auto descriptors = static_cast<int64_t>(lifecycle::RaiseDescriptorLimit().rlim_cur);
  const bool sanitized = !SanitizerOptions().empty();
  const int64_t count = std::min<int64_t>(sanitized ? 1'000 : 10'000, (descriptors - 100) / 2);
  ASSERT_OK_AND_ASSIGN(const auto server,
                       Server::Start({.threads = 2, .limits = {.header_time = absl::Minutes(10)}},
                                     [](Request request, Responder responder) {
                                       responder.Send(Response::Text(200, std::move(request.body)));
                                     }));
  const std::string request = testing::PostRequest("/", {}, std::string(1000, 'x'));
  ASSERT_EQ(RawClient(server->port()).Exchange(request).status, 200);
  std::vector<std::unique_ptr<RawClient>> clients;
  clients.reserve(static_cast<size_t>(count));
  const int64_t before = ResidentBytes();
  for (int64_t i = 0; i < count; ++i) {
    clients.push_back(std::make_unique<RawClient>(server->port()));
    if (i % 3 == 1) {
      ASSERT_EQ(clients.back()->Exchange(request).status, 200);
    } else if (i % 3 == 2) {
      ASSERT_TRUE(clients.back()->Send("GET / HT"));
    }
  }
  ASSERT_EQ(RawClient(server->port()).Exchange(request).status, 200);
  const int64_t each = (ResidentBytes() - before) / count;
  std::printf("%ld connections, %ld octets each\n", static_cast<long>(server->connections()),
              static_cast<long>(each));
  EXPECT_GE(server->connections(), count);
  EXPECT_TRUE(sanitized || each < 8192) << each;
}

}  // namespace
}  // namespace lmsmail::http_server
