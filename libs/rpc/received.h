#pragma once

#include <google/protobuf/arena.h>
#include <google/protobuf/message.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/codegen/serialization_traits.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstddef>

#include "absl/status/status.h"

#include "libs/rpc/request_budget.h"

namespace lmsmail::rpc {

// Sets the size of the largest request that is no batch, which is one that repeats messages: 2 MiB
// at first. Batches may have ServerOptions::max_receive_bytes. For all servers of this process,
// like RequestBudget::OfProcess().
void SetMaxSingleRequestBytes(std::size_t bytes);

// Parses `buffer`, which it empties, into `message`, whose memory `share` takes from the budget of
// the process before anything is parsed, and normalizes its keys. INVALID_ARGUMENT with the reason
// UNDECODABLE_REQUEST, and the field if it is known, when the bytes are no such message, and with
// REQUEST_TOO_LARGE for a request beyond its limits; RESOURCE_EXHAUSTED when other requests leave
// too little memory.
absl::Status ParseRequest(grpc::ByteBuffer& buffer, google::protobuf::Message& message,
                          RequestBudget::Share& share);

// A request as gRPC hands it over, on an arena of its own, with the answer whether its bytes could
// be parsed. gRPC never tells that a message could not be parsed: it ends a unary call itself, and
// a stream looks as if its caller had ended it.
template <typename Request>
class Received {
 public:
  Received() { Reset(); }

  // Makes room for the next message.
  Received* Reset() {
    arena_.Reset();
    share_ = {};
    message_ = google::protobuf::Arena::CreateMessage<Request>(&arena_);
    return this;
  }
  void Parse(grpc::ByteBuffer& buffer) { status_ = ParseRequest(buffer, *message_, share_); }

  // Why there is no message, or OK.
  const absl::Status& status() const { return status_; }
  // The memory that the message takes.
  std::size_t bytes() const { return share_.bytes(); }
  Request& message() { return *message_; }
  const Request& message() const { return *message_; }

 private:
  static google::protobuf::ArenaOptions LargeBlocks() {
    google::protobuf::ArenaOptions options;
    options.start_block_size = 4 << 10;
    options.max_block_size = 128 << 10;
    return options;
  }

  RequestBudget::Share share_;  // first, to be given back last
  google::protobuf::Arena arena_{LargeBlocks()};
  Request* message_ = nullptr;
  absl::Status status_;
};

}  // namespace lmsmail::rpc

namespace grpc {

template <typename Request>
class SerializationTraits<lmsmail::rpc::Received<Request>> {
 public:
  static Status Deserialize(ByteBuffer* buffer, lmsmail::rpc::Received<Request>* received) {
    received->Parse(*buffer);
    return Status::OK;  // gRPC delivers only what was parsed
  }
};

}  // namespace grpc
