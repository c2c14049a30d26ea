#include "tests/bench/load/unary.h"

#include <fmt/format.h>

#include <fstream>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"

#include "libs/rpc/client_call.h"
#include "libs/rpc/testing/call_async.h"
#include "libs/status/status_macros.h"
#include "lmsmail/dispatch/v1/dispatch_service.grpc.pb.h"
#include "tests/bench/load/callers.h"
#include "tests/bench/load/mails.h"

namespace lmsmail::bench {
namespace {

using Dispatch = dispatch::v1::DispatchService;
using Async = Dispatch::StubInterface::async_interface;

class Stubs {
 public:
  explicit Stubs(const Channels& channels) {
    for (const auto& channel : channels) stubs_.push_back(Dispatch::NewStub(channel));
  }
  auto& At(std::int64_t number) const {
    return *stubs_[static_cast<std::size_t>(number) % stubs_.size()]->async();
  }

 private:
  std::vector<std::unique_ptr<Dispatch::Stub>> stubs_;
};

}  // namespace

absl::StatusOr<Report> SendOneByOne(const Channels& channels, const std::string& run,
                                    std::int64_t count, int callers, std::int64_t recipients) {
  const Stubs stubs(channels);
  return CallInParallel(
      count, callers, [&](std::int64_t number, absl::AnyInvocable<void(absl::Status)> done) {
        rpc::CallAsync(stubs.At(number), &Async::Send, SingleSend(run, number, recipients),
                       rpc::WithTimeout(absl::Seconds(30)),
                       [done = std::move(done)](auto answer) mutable { done(answer.status()); });
      });
}

absl::StatusOr<Report> Echo(const Channels& channels, std::int64_t count, int callers) {
  const Stubs stubs(channels);
  return CallInParallel(
      count, callers, [&](std::int64_t number, absl::AnyInvocable<void(absl::Status)> done) {
        rpc::CallAsync(stubs.At(number), &Async::ListTransports,
                       dispatch::v1::ListTransportsRequest(), rpc::WithTimeout(absl::Seconds(30)),
                       [done = std::move(done)](auto answer) mutable { done(answer.status()); });
      });
}

absl::Status SendProbes(const Channels& channels, const std::string& run, std::int64_t count,
                        absl::Duration interval, const std::string& path) {
  std::ofstream file(path);
  absl::Mutex file_mutex;
  const Stubs stubs(channels);
  LMSMAIL_RETURN_IF_ERROR(CallSteadily(
      count, interval, [&](std::int64_t number, absl::AnyInvocable<void(absl::Status)> done) {
        rpc::CallAsync(stubs.At(number), &Async::Send, ProbeSend(run, number),
                       rpc::WithTimeout(absl::Seconds(30)),
                       [&, begun = absl::Now(), done = std::move(done)](
                           absl::StatusOr<dispatch::v1::Message> answer) mutable {
                         if (answer.ok()) {
                           absl::MutexLock lock(&file_mutex);
                           file << absl::ToUnixMicros(begun) << ' '
                                << absl::ToUnixMicros(absl::Now()) << ' ' << answer->message_id()
                                << '\n';
                         }
                         done(answer.status());
                       });
      }));
  file.flush();
  return file ? absl::OkStatus() : absl::DataLossError("cannot write " + path);
}

}  // namespace lmsmail::bench
