#include "services/gateway/connect/method.h"

#include <fmt/format.h>

#include <algorithm>

namespace lmsmail::gateway {

absl::StatusOr<MethodCatalog> MethodCatalog::Create(const std::vector<std::string>& services) {
  MethodCatalog catalog;
  for (const std::string& name : services) {
    const auto* const service =
        google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
    if (service == nullptr) {
      return absl::NotFoundError(fmt::format("the service {} is not linked", name));
    }
    for (int i = 0; i < service->method_count(); ++i) {
      const auto& method = *service->method(i);
      if (method.server_streaming()) {
        return absl::UnimplementedError(fmt::format("{} streams responses", method.full_name()));
      }
      catalog.methods_.push_back({.service = service->full_name(),
                                  .name = method.name(),
                                  .request = method.input_type(),
                                  .response = method.output_type(),
                                  .client_streaming = method.client_streaming()});
    }
  }
  return catalog;
}

const Method* MethodCatalog::Find(std::string_view service, std::string_view name) const {
  const auto found = std::ranges::find_if(methods_, [&](const Method& method) {
    return method.service == service && method.name == name;
  });
  return found == methods_.end() ? nullptr : &*found;
}

}  // namespace lmsmail::gateway
