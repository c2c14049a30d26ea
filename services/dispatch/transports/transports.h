#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

#include "services/dispatch/transports/transport.h"

namespace lmsmail::dispatch {

// The configured transports. Thread-safe.
class Transports {
 public:
  // `default_name` is the name of one of `transports`.
  Transports(std::vector<std::unique_ptr<Transport>> transports, std::string default_name);

  // The default transport for an empty name; null for an unknown name.
  Transport* Find(std::string_view name) const;
  const std::string& default_name() const { return default_name_; }
  std::set<std::string> Names() const;
  std::vector<TransportInfo> List() const;  // by name

  void Shutdown(absl::Duration grace);

 private:
  std::map<std::string, std::unique_ptr<Transport>, std::less<>> by_name_;
  const std::string default_name_;
};

}  // namespace lmsmail::dispatch
