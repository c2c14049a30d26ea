#include "services/gateway/connect/error.h"

#include <google/protobuf/descriptor.h>
#include <nlohmann/json.hpp>

#include <array>
#include <string_view>

#include "absl/strings/escaping.h"

#include "services/gateway/connect/transcoder.h"

namespace lmsmail::gateway {
namespace {

using google::protobuf::DescriptorPool;
using nlohmann::ordered_json;

struct Code {
  std::string_view name;
  int http_status;
};
// By the numbers of google.rpc.Code.
constexpr std::array<Code, 17> kCodes = {{{"ok", 200},
                                          {"canceled", 499},
                                          {"unknown", 500},
                                          {"invalid_argument", 400},
                                          {"deadline_exceeded", 504},
                                          {"not_found", 404},
                                          {"already_exists", 409},
                                          {"permission_denied", 403},
                                          {"resource_exhausted", 429},
                                          {"failed_precondition", 400},
                                          {"aborted", 409},
                                          {"out_of_range", 400},
                                          {"unimplemented", 501},
                                          {"internal", 500},
                                          {"unavailable", 503},
                                          {"data_loss", 500},
                                          {"unauthenticated", 401}}};

const Code& CodeOf(int code) {
  constexpr std::size_t kUnknown = 2;
  const auto index = static_cast<std::size_t>(code);  // a negative one becomes large
  return kCodes[index == 0 || index >= kCodes.size() ? kUnknown : index];
}

std::string UnpaddedBase64(const std::string& bytes) {
  std::string text = absl::Base64Escape(bytes);
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

ordered_json DetailOf(const google::protobuf::Any& any) {
  const std::string type = any.type_url().substr(any.type_url().rfind('/') + 1);
  ordered_json detail = {{"type", type}, {"value", UnpaddedBase64(any.value())}};
  const auto* const known = DescriptorPool::generated_pool()->FindMessageTypeByName(type);
  if (known == nullptr) return detail;
  if (const auto text = BinaryToJson(any.value(), *known); text.ok()) {
    detail["debug"] = ordered_json::parse(*text, nullptr, /*allow_exceptions=*/false);
  }
  return detail;
}

}  // namespace

int HttpStatusOf(int code) { return CodeOf(code).http_status; }

std::string ErrorJson(const google::rpc::Status& status) {
  ordered_json error = {{"code", CodeOf(status.code()).name}, {"message", status.message()}};
  for (const google::protobuf::Any& detail : status.details()) {
    error["details"].push_back(DetailOf(detail));
  }
  return error.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace lmsmail::gateway
