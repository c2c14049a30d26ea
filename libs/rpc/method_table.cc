#include "libs/rpc/method_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "libs/strings/view.h"

namespace lmsmail::rpc {

MethodTable::MethodTable(std::string_view service_full_name)
    : service_(*google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
          std::string(service_full_name))),
      bound_(static_cast<std::size_t>(service_.method_count())) {
  for (int i = 0; i < service_.method_count(); ++i) {
    methods_.push_back({i, identity::MethodAccess::Of(*service_.method(i))});
  }
}

const MethodTable::Method* MethodTable::Bind(std::string_view method, const Signature& signature) {
  const google::protobuf::MethodDescriptor* const declared =
      service_.FindMethodByName(std::string(method));
  if (declared == nullptr) {
    errors_.push_back(fmt::format("{} is not a method", method));
    return nullptr;
  }
  if (declared->input_type() != signature.request ||
      declared->output_type() != signature.response ||
      declared->client_streaming() != signature.client_streaming || declared->server_streaming()) {
    errors_.push_back(fmt::format("{} has a handler with another signature", method));
    return nullptr;
  }
  const auto index = static_cast<std::size_t>(declared->index());
  if (bound_[index]) {
    errors_.push_back(fmt::format("{} has two handlers", method));
    return nullptr;
  }
  bound_[index] = true;
  return &methods_[index];
}

const MethodTable::Method* MethodTable::BindUnaudited(std::string_view method,
                                                      const Signature& signature) {
  const Method* const bound = Bind(method, signature);
  if (bound != nullptr && bound->access.audited) {
    errors_.push_back(fmt::format("{} needs a handler that can be audited", method));
  }
  return bound;
}

absl::Status MethodTable::Check() const {
  std::vector<std::string> errors = errors_;
  for (int i = 0; i < service_.method_count(); ++i) {
    if (!bound_[static_cast<std::size_t>(i)]) {
      errors.push_back(fmt::format("{} has no handler", service_.method(i)->name()));
    }
    if (methods_[static_cast<std::size_t>(i)].access.roles.empty()) {
      errors.push_back(fmt::format("{} has no option (lmsmail.type.v1.allow) in its proto",
                                   service_.method(i)->name()));
    }
  }
  if (errors.empty()) return absl::OkStatus();
  return absl::InternalError(
      ToAbsl(fmt::format("{}: {}", service_.full_name(), fmt::join(errors, "; "))));
}

}  // namespace lmsmail::rpc
