#include "libs/rpc/testing/in_process_server.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/status/statusor.h"

#include "libs/rpc/channel.h"

namespace lmsmail::rpc {
namespace {

template <typename T>
T OrDie(absl::StatusOr<T> value) {
  if (value.ok()) return *std::move(value);
  fmt::print(stderr, "InProcessServer: {}\n", value.status().ToString());
  std::abort();
}

}  // namespace

TestRunner::TestRunner(CallRunner::Options options)
    : metrics_({.service = "test", .version = "test"}), runner_(std::move(options), metrics_) {}

CallRunner::Options TestRunner::DefaultOptions() {
  return {.policy = {.service = "test"}, .executor = {.threads = 2, .queue = 16}};
}

InProcessServer::InProcessServer(std::initializer_list<HostedService> services)
    : server_(OrDie(Server::Start({}, services))),
      channel_(OrDie(NewChannel({.target = target()}))) {
  server_->SetServing(true);
}

std::string InProcessServer::target() const { return fmt::format("127.0.0.1:{}", server_->port()); }

}  // namespace lmsmail::rpc
