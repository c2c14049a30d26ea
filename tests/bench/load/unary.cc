#include "tests/bench/load/unary.h"

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

using Done = absl::AnyInvocable<void(absl::Status)>;

}  // namespace

absl::StatusOr<Report> CallSend(const std::shared_ptr<grpc::Channel>& channel,
                                const std::string& run, std::int64_t count, int callers,
                                std::int64_t recipients) {
  const auto stub = Dispatch::NewStub(channel);
  return CallInParallel(count, callers, [&](std::int64_t number, Done done) {
    rpc::CallAsync(*stub->async(), &Async::Send, SingleSend(run, number, recipients),
                   rpc::WithTimeout(absl::Seconds(30)),
                   [done = std::move(done)](auto response) mutable { done(response.status()); });
  });
}

absl::StatusOr<Report> CallNoOp(const std::shared_ptr<grpc::Channel>& channel, std::int64_t count,
                                int callers) {
  const auto stub = Dispatch::NewStub(channel);
  return CallInParallel(count, callers, [&](std::int64_t, Done done) {
    rpc::CallAsync(*stub->async(), &Async::ListTransports, dispatch::v1::ListTransportsRequest(),
                   rpc::WithTimeout(absl::Seconds(30)),
                   [done = std::move(done)](auto response) mutable { done(response.status()); });
  });
}

absl::Status SendProbes(const std::shared_ptr<grpc::Channel>& channel, const std::string& run,
                        std::int64_t count, absl::Duration interval, const std::string& path) {
  std::ofstream file(path);
  absl::Mutex file_mutex;
  const auto stub = Dispatch::NewStub(channel);
  LMSMAIL_RETURN_IF_ERROR(CallAtRate(count, interval, [&](std::int64_t number, Done done) {
    rpc::CallAsync(
        *stub->async(), &Async::Send, ProbeSend(run, number), rpc::WithTimeout(absl::Seconds(30)),
        [&, called = absl::Now(),
         done = std::move(done)](absl::StatusOr<dispatch::v1::Message> response) mutable {
          if (response.ok()) {
            absl::MutexLock lock(&file_mutex);
            file << absl::ToUnixMicros(called) << ' ' << absl::ToUnixMicros(absl::Now()) << ' '
                 << response->message_id() << '\n';
          }
          done(response.status());
        });
  }));
  file.flush();
  return file ? absl::OkStatus() : absl::DataLossError("cannot write " + path);
}

}  // namespace lmsmail::bench
