#include "libs/service/testing/memory_attack.h"

#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <atomic>
#include <memory>
#include <ranges>
#include <string_view>
#include <thread>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"

#include "libs/rpc/testing/raw_call.h"

namespace lmsmail::service {
namespace {

constexpr int kAttackers = 32;
constexpr int kRounds = 3;
constexpr int kSilentStreams = 64;
constexpr std::size_t kLarge = 4'000'000;
constexpr std::size_t kMedium = 600'000;
constexpr absl::Duration kTimeout = absl::Seconds(20);

std::shared_ptr<grpc::Channel> NewConnection(const MemoryAttack& attack) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(fmt::format("{}:{}", attack.host, attack.port),
                                   grpc::InsecureChannelCredentials(), arguments);
}

// The wire format of a field with the type LEN.
std::string Field(int number, std::string_view value) {
  std::string bytes;
  const auto varint = [&bytes](std::size_t rest) {
    for (; rest >= 0x80; rest >>= 7) bytes += static_cast<char>(rest | 0x80);
    bytes += static_cast<char>(rest);
  };
  varint(static_cast<std::size_t>(number) << 3 | 2);
  varint(value.size());
  return bytes.append(value);
}

// A request of about `size` bytes with a Struct that holds a list of empty structs.
std::string EmptyStructs(std::size_t size, const std::vector<int>& context) {
  std::string values;
  while (values.size() < size) values += Field(1, Field(5, ""));
  std::string bytes = Field(1, Field(1, "x") + Field(2, Field(6, values)));
  for (const int number : std::views::reverse(context)) bytes = Field(number, bytes);
  return bytes;
}

// A client stream on which nothing is sent until the server ends it.
class SilentStream final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  SilentStream(const std::shared_ptr<grpc::Channel>& channel, const std::string& method)
      : stub_(channel) {
    rpc::Apply(rpc::WithTimeout(kTimeout), context_);
    stub_.PrepareBidiStreamingCall(&context_, method, {}, this);
    StartCall();
  }
  ~SilentStream() override { done_.WaitForNotification(); }

 private:
  void OnDone(const grpc::Status&) override { done_.Notify(); }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  absl::Notification done_;
};

// One call with a message of zeros that is compressed.
grpc::Status CallCompressed(const std::shared_ptr<grpc::Channel>& channel,
                            const std::string& method) {
  grpc::ClientContext context;
  rpc::Apply(rpc::WithTimeout(kTimeout), context);
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  const grpc::Slice slice(Field(1000, std::string(kLarge, 'x')));
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  grpc::Status result;
  absl::Notification done;
  grpc::GenericStub(channel).UnaryCall(&context, method, {}, &request, &response,
                                       [&](grpc::Status status) {
                                         result = std::move(status);
                                         done.Notify();
                                       });
  done.WaitForNotification();
  return result;
}

}  // namespace

AttackResult Run(const MemoryAttack& attack) {
  const auto silent_connection = NewConnection(attack);
  std::vector<std::unique_ptr<SilentStream>> streams;
  for (int i = 0; i < kSilentStreams && !attack.stream.empty(); ++i) {
    streams.push_back(std::make_unique<SilentStream>(silent_connection, attack.stream));
  }
  struct Wire {
    std::string path, large, medium;
  };
  std::vector<Wire> wires;
  for (const MemoryAttack::Method& method : attack.methods) {
    wires.push_back(
        {method.path, EmptyStructs(kLarge, method.context), EmptyStructs(kMedium, method.context)});
  }
  std::atomic<int> calls = 0, refused = 0, compressed_accepted = 0, large_accepted = 0;
  const auto count = [&](const grpc::Status& status, std::atomic<int>* accepted) {
    ++calls;
    if (!status.ok()) {
      ++refused;
    } else if (accepted != nullptr) {
      ++*accepted;
    }
  };
  std::vector<std::thread> attackers;
  for (int i = 0; i < kAttackers; ++i) {
    attackers.emplace_back([&] {
      const auto channel = NewConnection(attack);
      const auto options = rpc::WithTimeout(kTimeout);
      for (int round = 0; round < kRounds; ++round) {
        for (const Wire& wire : wires) {
          count(rpc::CallRaw(channel, wire.path, {wire.large}, options).status, &large_accepted);
          count(rpc::CallRaw(channel, wire.path, {wire.medium}, options).status, nullptr);
          count(CallCompressed(channel, wire.path), &compressed_accepted);
        }
      }
    });
  }
  for (std::thread& attacker : attackers) attacker.join();
  streams.clear();
  return {calls, refused, compressed_accepted, large_accepted};
}

}  // namespace lmsmail::service
