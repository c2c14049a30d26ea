#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>

#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "services/gateway/connect/upstream.h"

namespace lmsmail::gateway {

// Calls any method of the services by its name, with gRPC's callback API: no thread waits for an
// answer. The requests of a stream are sent one at a time, as fast as the service takes them.
class GenericClient final : public Upstream {
 public:
  // The channel of each service by its full name.
  using Channels = std::map<std::string, std::shared_ptr<grpc::Channel>, std::less<>>;
  explicit GenericClient(const Channels& channels);
  ~GenericClient() override { Stop(); }

  // UNIMPLEMENTED for a service without a channel, UNAVAILABLE after Stop().
  void Call(const Method& method, OutgoingCall call, Done done) override;

  // Cancels the open calls. Returns when `done` of each has returned. Idempotent.
  void Stop();

 private:
  class Open;
  class Unary;
  class ClientStream;
  using Context = std::shared_ptr<grpc::ClientContext>;

  // False after Stop().
  bool Begin(const Context& context);
  void Finish(const Context& context);
  void Finished();

  std::map<std::string, std::unique_ptr<grpc::GenericStub>, std::less<>> stubs_;
  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<Context> open_ ABSL_GUARDED_BY(mutex_);
  int unfinished_ ABSL_GUARDED_BY(mutex_) = 0;  // calls whose `done` has not returned
};

}  // namespace lmsmail::gateway
