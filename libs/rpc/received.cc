#include "libs/rpc/received.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/stubs/logging.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "libs/rpc/request_cost.h"
#include "libs/rpc/request_keys.h"
#include "libs/status/error_details.h"
#include "libs/telemetry/limited_log.h"

namespace lmsmail::rpc {
namespace {

using google::protobuf::LogLevel;

// What Protobuf logs on this thread while it parses a request; null at other times.
thread_local std::string* parser_log = nullptr;

void Write(LogLevel level, const char* file, int line, const std::string& text) {
  if (parser_log != nullptr) {
    *parser_log = text;
    return;
  }
  static telemetry::LimitedLog log(20, absl::Seconds(1));
  log.Log(level == google::protobuf::LOGLEVEL_INFO ? telemetry::Level::kInfo
                                                   : telemetry::Level::kWarning,
          "protobuf", {{"text", text}, {"file", file}, {"line", line}});
}

// Protobuf names the field that is not UTF-8 nowhere but in its log, in single quotes. Empty when
// `text` is about something else.
std::string_view FieldThatIsNotUtf8(std::string_view text) {
  if (text.find("UTF-8") == std::string_view::npos) return {};
  const std::size_t first = text.find('\'');
  if (first == std::string_view::npos) return {};
  text.remove_prefix(first + 1);
  return text.substr(0, text.find('\''));
}

std::string Explain(const google::protobuf::Message& message, std::string_view field) {
  const std::string& type = message.GetDescriptor()->full_name();
  if (!field.empty()) {
    return fmt::format("the request is not a {}: {} is not valid UTF-8; encode its text as UTF-8",
                       type, field);
  }
  return fmt::format(
      "the request is not a {}: its bytes are cut off, corrupt or nested more than 100 levels "
      "deep; send it with code that was generated from the service's proto files",
      type);
}

std::atomic<std::size_t> max_single_request_bytes = 2 << 20;

bool IsBatch(const google::protobuf::Descriptor& type) {
  for (int i = 0; i < type.field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *type.field(i);
    if (field.is_repeated() && !field.is_map() && field.message_type() != nullptr) return true;
  }
  return false;
}

// Takes the memory that the parsed request will need.
absl::StatusOr<RequestBudget::Share> Admit(grpc::ByteBuffer& buffer,
                                           const google::protobuf::Message& message) {
  if (buffer.Length() > max_single_request_bytes && !IsBatch(*message.GetDescriptor())) {
    return WithReason(absl::InvalidArgumentError(
                          fmt::format("the request has {} bytes, of at most {}: make it smaller",
                                      buffer.Length(), max_single_request_bytes.load())),
                      {"REQUEST_TOO_LARGE", {}});
  }
  grpc::ProtoBufferReader wire(&buffer);
  const std::size_t parsed = wire.status().ok() ? ParsedBytes(wire, message) : 0;
  return RequestBudget::OfProcess().Take(buffer.Length() + parsed);
}

}  // namespace

void SetMaxSingleRequestBytes(std::size_t bytes) { max_single_request_bytes = bytes; }

absl::Status ParseRequest(grpc::ByteBuffer& buffer, google::protobuf::Message& message,
                          RequestBudget::Share& share) {
  absl::StatusOr<RequestBudget::Share> admitted = Admit(buffer, message);
  if (!admitted.ok()) {
    buffer.Clear();
    return admitted.status();
  }
  share = *std::move(admitted);
  static std::once_flag once;
  std::call_once(once, [] { google::protobuf::SetLogHandler(Write); });
  std::string log;
  parser_log = &log;
  const grpc::Status parsed =
      grpc::SerializationTraits<google::protobuf::Message>::Deserialize(&buffer, &message);
  parser_log = nullptr;
  if (parsed.ok()) {
    NormalizeKeys(message);
    return absl::OkStatus();
  }
  return WithReason(absl::InvalidArgumentError(Explain(message, FieldThatIsNotUtf8(log))),
                    {"UNDECODABLE_REQUEST", {}});
}

}  // namespace lmsmail::rpc
