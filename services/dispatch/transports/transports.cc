#include "services/dispatch/transports/transports.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"

namespace lmsmail::dispatch {

Transports::Transports(std::vector<std::unique_ptr<Transport>> transports, std::string default_name)
    : default_name_(std::move(default_name)) {
  for (auto& transport : transports) {
    std::string name = transport->info().name;
    by_name_.emplace(std::move(name), std::move(transport));
  }
}

Transport* Transports::Find(std::string_view name) const {
  const auto it = by_name_.find(name.empty() ? std::string_view(default_name_) : name);
  return it == by_name_.end() ? nullptr : it->second.get();
}

std::set<std::string> Transports::Names() const {
  std::set<std::string> names;
  for (const auto& [name, _] : by_name_) names.insert(name);
  return names;
}

std::vector<TransportInfo> Transports::List() const {
  std::vector<TransportInfo> infos;
  for (const auto& [_, transport] : by_name_) infos.push_back(transport->info());
  return infos;
}

void Transports::Shutdown(absl::Duration grace) {
  const absl::Time end = absl::Now() + grace;
  for (const auto& [_, transport] : by_name_) {
    transport->Shutdown(std::max(end - absl::Now(), absl::ZeroDuration()));
  }
}

}  // namespace lmsmail::dispatch
