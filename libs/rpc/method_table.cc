#include "libs/rpc/method_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "libs/strings/view.h"

namespace lmsmail::rpc {

MethodTable::MethodTable(std::string_view service_full_name)
    : service_(*google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
          std::string(service_full_name))),
      bound_(static_cast<std::size_t>(service_.method_count())) {}

std::optional<int> MethodTable::Bind(std::string_view method, const Signature& signature) {
  const google::protobuf::MethodDescriptor* const declared =
      service_.FindMethodByName(std::string(method));
  if (declared == nullptr) {
    errors_.push_back(fmt::format("{} is not a method", method));
    return std::nullopt;
  }
  if (declared->input_type() != signature.request ||
      declared->output_type() != signature.response ||
      declared->client_streaming() != signature.client_streaming || declared->server_streaming()) {
    errors_.push_back(fmt::format("{} has a handler with another signature", method));
    return std::nullopt;
  }
  const auto index = static_cast<std::size_t>(declared->index());
  if (bound_[index]) {
    errors_.push_back(fmt::format("{} has two handlers", method));
    return std::nullopt;
  }
  bound_[index] = true;
  return declared->index();
}

std::string MethodTable::FullName(std::string_view method) const {
  return fmt::format("{}/{}", service_.full_name(), method);
}

absl::Status MethodTable::Check() const {
  std::vector<std::string> errors = errors_;
  for (int i = 0; i < service_.method_count(); ++i) {
    if (!bound_[static_cast<std::size_t>(i)]) {
      errors.push_back(fmt::format("{} has no handler", service_.method(i)->name()));
    }
  }
  if (errors.empty()) return absl::OkStatus();
  return absl::InternalError(
      ToAbsl(fmt::format("{}: {}", service_.full_name(), fmt::join(errors, "; "))));
}

}  // namespace lmsmail::rpc
