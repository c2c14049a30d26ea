#include "services/gateway/clients/generic_client.h"

#include <fmt/format.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/client_callback.h>

#include <utility>
#include <vector>

#include "libs/rpc/client_call.h"

namespace lmsmail::gateway {
namespace {

// Takes the text without copying it.
grpc::ByteBuffer BufferOf(std::string text) {
  auto owned = std::make_unique<std::string>(std::move(text));
  char* const data = owned->data();
  const std::size_t size = owned->size();
  const grpc::Slice slice(
      data, size, [](void* string) { delete static_cast<std::string*>(string); }, owned.release());
  return {&slice, 1};
}

std::string TextOf(const grpc::ByteBuffer& buffer) {
  std::string text;
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return text;
  text.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices) {
    text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return text;
}

CallResult Failed(grpc::StatusCode code, std::string message) {
  CallResult result;
  result.status.set_code(code);
  result.status.set_message(std::move(message));
  return result;
}

CallResult ResultOf(const grpc::Status& status, const grpc::ByteBuffer& response) {
  CallResult result;
  if (status.ok()) {
    result.response = TextOf(response);
    return result;
  }
  // The details are a google.rpc.Status; an error that gRPC itself has found has none.
  if (!result.status.ParseFromString(status.error_details())) result.status.Clear();
  result.status.set_code(status.error_code());
  result.status.set_message(status.error_message());
  return result;
}

}  // namespace

// A call from its begin to its end, when it deletes itself.
class GenericClient::Open {
 public:
  Open(GenericClient& client, Context context, OutgoingCall call, Done done)
      : client_(client),
        context_(std::move(context)),
        requests_(std::move(call.requests)),
        done_(std::move(done)) {}
  virtual ~Open() = default;

  virtual void Start(grpc::GenericStub& stub, const std::string& path) = 0;

 protected:
  void End(const grpc::Status& status) {
    const std::unique_ptr<Open> self(this);
    client_.Finish(context_);
    // The context references the channel, and `done` may let the last other reference go: this
    // thread of gRPC must not destroy the channel.
    context_.reset();
    done_(ResultOf(status, response_));
    client_.Finished();
  }

  grpc::ClientContext& context() { return *context_; }
  std::vector<std::string>& requests() { return requests_; }
  grpc::ByteBuffer& response() { return response_; }

 private:
  GenericClient& client_;
  Context context_;
  std::vector<std::string> requests_;
  grpc::ByteBuffer response_;
  Done done_;
};

class GenericClient::Unary final : public Open {
 public:
  using Open::Open;

  void Start(grpc::GenericStub& stub, const std::string& path) override {
    request_ = BufferOf(std::move(requests().at(0)));
    stub.UnaryCall(&context(), path, {}, &request_, &response(),
                   [this](const grpc::Status& status) { End(status); });
  }

 private:
  grpc::ByteBuffer request_;
};

class GenericClient::ClientStream final
    : public Open,
      public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  using Open::Open;

  void Start(grpc::GenericStub& stub, const std::string& path) override {
    stub.PrepareBidiStreamingCall(&context(), path, {}, this);
    StartRead(&response());
    WriteNext();
    StartCall();
  }

  void OnWriteDone(bool ok) override {
    // A service that refuses a message ends the call, and OnDone() tells why.
    if (ok) WriteNext();
  }
  void OnDone(const grpc::Status& status) override { End(status); }

 private:
  void WriteNext() {
    if (next_ == requests().size()) return StartWritesDone();
    request_ = BufferOf(std::move(requests()[next_]));
    ++next_;
    StartWrite(&request_);
  }

  std::size_t next_ = 0;
  grpc::ByteBuffer request_;
};

GenericClient::GenericClient(const Channels& channels) {
  for (const auto& [service, channel] : channels) {
    stubs_.emplace(service, std::make_unique<grpc::GenericStub>(channel));
  }
}

void GenericClient::Call(const Method& method, OutgoingCall call, Done done) {
  const auto stub = stubs_.find(method.service);
  if (stub == stubs_.end()) {
    return done(Failed(grpc::StatusCode::UNIMPLEMENTED,
                       fmt::format("{} is not offered here", method.service)));
  }
  auto context = std::make_shared<grpc::ClientContext>();
  rpc::Apply({.deadline = call.deadline,
              .request_id = call.request_id,
              .traceparent = call.traceparent,
              .authorization = call.authorization},
             *context);
  if (!Begin(context))
    return done(Failed(grpc::StatusCode::UNAVAILABLE, "the gateway is stopping"));
  std::unique_ptr<Open> open;
  if (method.client_streaming) {
    open =
        std::make_unique<ClientStream>(*this, std::move(context), std::move(call), std::move(done));
  } else {
    open = std::make_unique<Unary>(*this, std::move(context), std::move(call), std::move(done));
  }
  open.release()->Start(*stub->second, fmt::format("/{}/{}", method.service, method.name));
}

void GenericClient::Stop() {
  std::set<Context> open;
  {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
    open = open_;
  }
  // Without the lock, because a call may end on this thread.
  for (const Context& context : open) context->TryCancel();
  absl::MutexLock lock(&mutex_);
  const auto none = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return unfinished_ == 0; };
  mutex_.Await(absl::Condition(&none));
}

bool GenericClient::Begin(const Context& context) {
  absl::MutexLock lock(&mutex_);
  if (stopped_) return false;
  open_.insert(context);
  ++unfinished_;
  return true;
}

void GenericClient::Finish(const Context& context) {
  absl::MutexLock lock(&mutex_);
  open_.erase(context);
}

void GenericClient::Finished() {
  absl::MutexLock lock(&mutex_);
  --unfinished_;
}

}  // namespace lmsmail::gateway
