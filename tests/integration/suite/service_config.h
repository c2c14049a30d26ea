#pragma once

#include <string>
#include <string_view>

namespace lmsmail::integration {

// All services, in order of dependency.
inline constexpr std::string_view kServices[] = {"template", "preference", "dispatch", "report",
                                                 "scheduler"};

// What the configuration files depend on. The files switch off or shorten everything that delays
// mail on purpose. A test of such a delay sets it with flags, which take precedence.
struct Settings {
  std::string dsn;
  std::string migrator_dsn;
  std::string keys_file;
  std::string state_directory;  // of dispatch
  int smtp_port = 0;
};

// Returns the YAML configuration file of a service.
std::string ServiceConfig(std::string_view service, const Settings& settings);

}  // namespace lmsmail::integration
