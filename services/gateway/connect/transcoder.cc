#include "services/gateway/connect/transcoder.h"

#include <fmt/format.h>
#include <google/protobuf/arena.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver.h>
#include <google/protobuf/util/type_resolver_util.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/gateway/connect/json_check.h"
#include "services/gateway/connect/json_kind.h"
#include "services/gateway/connect/json_writer.h"

namespace lmsmail::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;

constexpr char kUrlPrefix[] = "type.googleapis.com";

google::protobuf::util::TypeResolver& Types() {
  // Never destroyed, because threads of gRPC may use it while the process exits.
  static auto& types = *google::protobuf::util::NewTypeResolverForDescriptorPool(
      kUrlPrefix, DescriptorPool::generated_pool());
  return types;
}

std::string UrlOf(const Descriptor& type) {
  return fmt::format("{}/{}", kUrlPrefix, type.full_name());
}

// The field at a path such as "items[0].target.recipient"; null if there is none.
const FieldDescriptor* FieldAt(const Descriptor* type, std::string_view path) {
  const FieldDescriptor* field = nullptr;
  while (!path.empty() && type != nullptr) {
    const std::string_view part = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(part.size() + 1, path.size()));
    field = type->FindFieldByName(std::string(part.substr(0, part.find('['))));
    type = field == nullptr ? nullptr : field->message_type();
  }
  return path.empty() ? field : nullptr;
}

// Protobuf writes "(path): invalid value 5 for type TYPE_STRING". The value stays out of the
// answer, because it may have any length.
absl::Status Explain(std::string_view text, const Descriptor& type) {
  if (!text.starts_with('(')) {
    return absl::InvalidArgumentError(fmt::format("the request is no {}: {}", type.name(), text));
  }
  const std::string_view path = text.substr(1, text.find(')') - 1);
  const FieldDescriptor* const field = FieldAt(&type, path);
  return InvalidField(path, field == nullptr ? "has a value that is out of range"
                                             : fmt::format("must be {}", Expectation(*field)));
}

}  // namespace

absl::StatusOr<std::string> JsonToBinary(std::string_view json, const Descriptor& type) {
  LMSMAIL_RETURN_IF_ERROR(CheckJson(json, type));
  std::string binary;
  const auto status = google::protobuf::util::JsonToBinaryString(
      &Types(), UrlOf(type), {json.data(), json.size()}, &binary);
  if (!status.ok()) return Explain(status.message().ToString(), type);
  return binary;
}

absl::StatusOr<std::string> BinaryToJson(std::string_view binary, const Descriptor& type) {
  google::protobuf::Arena arena;
  google::protobuf::Message* const message =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type)->New(&arena);
  if (!message->ParseFromArray(binary.data(), static_cast<int>(binary.size()))) {
    return absl::InternalError(fmt::format("the response is no {}", type.full_name()));
  }
  return WriteJson(*message).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace lmsmail::gateway
