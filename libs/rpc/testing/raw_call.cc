#include "libs/rpc/testing/raw_call.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <utility>

#include "absl/synchronization/notification.h"

namespace lmsmail::rpc {
namespace {

// Writes the messages one after the other, then waits for the response.
class RawReactor final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  RawReactor(grpc::GenericStub& stub, grpc::ClientContext& context, const std::string& method,
             const std::vector<std::string>& messages)
      : messages_(messages) {
    stub.PrepareBidiStreamingCall(&context, method, {}, this);
    StartRead(&response_);
    WriteNext();
    StartCall();
  }

  RawResult Wait() {
    done_.WaitForNotification();
    return std::move(result_);
  }

 private:
  void WriteNext() {
    if (next_ == messages_.size()) return StartWritesDone();
    const grpc::Slice slice(messages_[next_++]);
    outgoing_ = grpc::ByteBuffer(&slice, 1);
    StartWrite(&outgoing_);
  }

  void OnWriteDone(bool ok) override {
    if (ok) WriteNext();
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    grpc::Slice slice;
    if (response_.DumpToSingleSlice(&slice).ok()) {
      result_.response.assign(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
  }
  void OnDone(const grpc::Status& status) override {
    result_.status = status;
    done_.Notify();
  }

  const std::vector<std::string>& messages_;
  std::size_t next_ = 0;
  grpc::ByteBuffer outgoing_;
  grpc::ByteBuffer response_;
  RawResult result_;
  absl::Notification done_;
};

std::string Tag(int field, int wire_type) {
  return std::string(1, static_cast<char>(field << 3 | wire_type));
}

std::string LengthDelimited(int field, const std::string& value) {
  std::string length;
  std::size_t rest = value.size();
  for (; rest >= 0x80; rest >>= 7) length += static_cast<char>(rest | 0x80);
  length += static_cast<char>(rest);
  return Tag(field, 2) + length + value;
}

}  // namespace

RawResult CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                  const std::vector<std::string>& messages, const CallOptions& options) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  Apply(options, context);
  return RawReactor(stub, context, method, messages).Wait();
}

std::vector<UndecodableBytes> AllUndecodableBytes(int string_field, int recursive_field) {
  const std::string text = LengthDelimited(string_field, "text");
  std::vector<UndecodableBytes> all = {
      {"invalid UTF-8", LengthDelimited(string_field, "\xff\xfe\xc3")},
      {"overlong UTF-8", LengthDelimited(string_field, "\xc0\xaf")},
      {"surrogate", LengthDelimited(string_field, "\xed\xa0\x80")},
      {"truncated value", text.substr(0, text.size() - 1)},
      {"truncated length", Tag(string_field, 2)},
      {"truncated tag", text + "\xff"},
      {"endless varint", Tag(string_field, 0) + std::string(11, '\xff')},
      {"length past the end", Tag(string_field, 2) + "\xff\xff\xff\xff\x0f"},
      {"unknown wire type", Tag(string_field, 7) + "x"},
      {"end of a group that never began", Tag(string_field, 4)},
      {"group that never ends", Tag(string_field, 3)},
      {"field number 0", std::string("\x02\x01x", 3)}};
  if (recursive_field == 0) return all;
  std::string deep = text;
  for (int i = 0; i < 200; ++i) deep = LengthDelimited(recursive_field, deep);
  all.push_back({"nested too deep", std::move(deep)});
  return all;
}

}  // namespace lmsmail::rpc
