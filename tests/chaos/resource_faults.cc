#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "absl/time/clock.h"

#include "libs/rpc/health_check.h"
#include "libs/service/testing/memory_attack.h"
#include "libs/status/status_macros.h"
#include "tests/chaos/faults.h"
#include "tests/chaos/repeat.h"
#include "tests/integration/suite/wait.h"

// Callers take what a replica has little of.
namespace lmsmail::chaos {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// The descriptors that a replica has left, and the connections that take them.
constexpr int kSpareDescriptors = 64;
constexpr int kConnections = 3 * kSpareDescriptors;
// With the short one a replica has descriptors again before it has probed its listener three times,
// so that only the connections that it does not accept tell that the listener is dead.
constexpr absl::Duration kHolds[] = {absl::Seconds(1), absl::Seconds(5)};

constexpr std::int64_t kMaxMemory = 300 << 20;
// What an attack takes at least, beside the memory that the mail takes.
constexpr std::int64_t kLeastGrowth = 16 << 20;

int OpenDescriptors(pid_t pid) {
  std::error_code ended;
  const std::filesystem::directory_iterator files(fmt::format("/proc/{}/fd", pid), ended);
  return static_cast<int>(std::distance(begin(files), end(files)));
}

// Allows a process kSpareDescriptors more descriptors than it has open. Returns the limit.
absl::StatusOr<int> LimitDescriptors(pid_t pid) {
  const int most = OpenDescriptors(pid) + kSpareDescriptors;
  const rlimit limit{.rlim_cur = static_cast<rlim_t>(most), .rlim_max = static_cast<rlim_t>(most)};
  if (::prlimit(pid, RLIMIT_NOFILE, &limit, nullptr) == 0) return most;
  return absl::ErrnoToStatus(errno, "limiting the descriptors of a replica");
}

tcp::endpoint AddressOf(const std::string& target) {
  const std::size_t colon = target.find(':');
  return {asio::ip::make_address(target.substr(0, colon)),
          static_cast<std::uint16_t>(std::atoi(target.c_str() + colon + 1))};
}

// The largest resident set that a process has had, in bytes.
std::int64_t PeakMemory(pid_t pid) {
  constexpr std::string_view kKey = "VmHWM:";  // proc(5)
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(kKey)) return std::atoll(line.c_str() + kKey.size()) * 1024;
  }
  return 0;
}

// Connects without a word. Connections that nobody accepts count as connected too.
std::vector<tcp::socket> OpenConnections(asio::io_context& io, const std::string& target) {
  const tcp::endpoint address = AddressOf(target);
  std::vector<tcp::socket> connections;
  for (int i = 0; i < kConnections; ++i) {
    boost::system::error_code ignored;
    connections.emplace_back(io).connect(address, ignored);
  }
  return connections;
}

// Whether the server accepts a connection and serves on it. Those that are open prove nothing.
bool ServesNewConnection(const std::string& target) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const absl::StatusOr<bool> serving = rpc::IsServing(
      grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments), "");
  return serving.ok() && *serving;
}

// Takes the descriptors of replica `number` for a time, and restarts it if it has exited then.
// Returns whether it has.
absl::StatusOr<bool> ExhaustOnce(Cluster& cluster, int number, absl::Duration hold,
                                 std::vector<std::string>& violations) {
  integration::Process& process = cluster.process(number);
  const std::string& target = cluster.TargetOf(number);
  LMSMAIL_ASSIGN_OR_RETURN(const int most, LimitDescriptors(process.pid()));
  asio::io_context io;
  std::vector<tcp::socket> connections = OpenConnections(io, target);
  cluster.RecordEvent(fmt::format("the descriptors of dispatch {} are taken", number));
  const absl::Time end = absl::Now() + hold;
  const absl::Status taken = integration::WaitUntil(
      "no descriptor is left", [&] { return OpenDescriptors(process.pid()) >= most; }, hold);
  if (!taken.ok()) violations.push_back(fmt::format("dispatch {} had descriptors left", number));
  absl::SleepFor(end - absl::Now());
  connections.clear();
  cluster.RecordEvent(fmt::format("the descriptors of dispatch {} are free again", number));

  absl::StatusOr<int> code = absl::UnknownError("");
  const absl::Status settled =
      integration::WaitUntil(fmt::format("dispatch {} has exited or serves", number), [&] {
        code = process.WaitForExit(absl::ZeroDuration());
        return code.ok() || ServesNewConnection(target);
      });
  if (!settled.ok()) {
    violations.push_back(fmt::format("dispatch {} neither exits nor serves", number));
    LMSMAIL_RETURN_IF_ERROR(cluster.KillReplica(number));
  } else if (!code.ok()) {
    return false;
  } else if (*code != EXIT_FAILURE) {
    violations.push_back(fmt::format("dispatch {} ended with {}", number, *code));
  }
  cluster.RecordEvent(fmt::format("dispatch {} is restarted", number));
  LMSMAIL_RETURN_IF_ERROR(cluster.StartReplica(number));
  LMSMAIL_RETURN_IF_ERROR(cluster.WaitUntilReplicasServe());
  return true;
}

}  // namespace

absl::StatusOr<FaultOutcome> ExhaustDescriptors(Cluster& cluster, Length length) {
  const int times = Choose(length, 2, 6);
  FaultOutcome outcome;
  int exits = 0;
  for (int i = 0; i < times; ++i) {
    LMSMAIL_ASSIGN_OR_RETURN(const bool exited,
                             ExhaustOnce(cluster, i % Cluster::kReplicas,
                                         kHolds[i % std::size(kHolds)], outcome.violations));
    exits += exited ? 1 : 0;
  }
  // As in KillDispatch().
  outcome.max_duplicates = std::int64_t{exits} * kConnectionsPerReplica;
  outcome.note = fmt::format("{} times, {} exits", times, exits);
  return outcome;
}

absl::StatusOr<FaultOutcome> AttackMemory(Cluster& cluster, Length length) {
  constexpr int kVictim = 0;
  const std::string service = "/lmsmail.dispatch.v1.DispatchService/";
  const tcp::endpoint address = AddressOf(cluster.TargetOf(kVictim));
  const service::MemoryAttack attack{.host = address.address().to_string(),
                                     .port = address.port(),
                                     .methods = {{service + "Send", {4}},
                                                 {service + "SendBatch", {2, 2}},
                                                 {service + "SendBulk", {2, 2}}},
                                     .stream = service + "SendBulk"};
  const std::int64_t before = PeakMemory(cluster.process(kVictim).pid());
  int attacks = 0;
  service::AttackResult sum;
  // At least once, however short.
  LMSMAIL_RETURN_IF_ERROR(
      Repeat(absl::ZeroDuration(), Choose(length, absl::Seconds(1), absl::Seconds(60)), [&] {
        cluster.RecordEvent("attack");
        const service::AttackResult result = service::Run(attack);
        ++attacks;
        sum.calls += result.calls;
        sum.refused += result.refused;
        return absl::OkStatus();
      }));
  FaultOutcome outcome;
  if (cluster.process(kVictim).WaitForExit(absl::ZeroDuration()).ok()) {
    outcome.violations.emplace_back("the replica has ended");
    LMSMAIL_RETURN_IF_ERROR(cluster.StartReplica(kVictim));
    LMSMAIL_RETURN_IF_ERROR(cluster.WaitUntilReplicasServe());
    return outcome;
  }
  const std::int64_t peak = PeakMemory(cluster.process(kVictim).pid());
  outcome.note = fmt::format("{} attacks, {} of {} calls refused; {} MB before, {} MB at most",
                             attacks, sum.refused, sum.calls, before >> 20, peak >> 20);
  if (sum.refused < sum.calls) outcome.violations.emplace_back("hostile calls were accepted");
  if (peak - before < kLeastGrowth) outcome.violations.emplace_back("the attack took no memory");
  if (peak >= kMaxMemory) outcome.violations.emplace_back("the attack took too much memory");
  return outcome;
}

}  // namespace lmsmail::chaos
