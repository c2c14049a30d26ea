#pragma once

#include <string>
#include <string_view>

namespace lmsmail::integration {

// The five, in the order in which they need each other.
inline constexpr std::string_view kServices[] = {"template", "preference", "dispatch", "report",
                                                 "scheduler"};

// What the services are told besides their addresses. Whatever makes mail wait on purpose is made
// short or switched off; a test about waiting says so with flags, which take precedence.
struct Settings {
  std::string dsn;
  std::string keys_file;
  std::string journal;  // dispatch's
  int smtp_port = 0;
};

// The YAML of one service's configuration file.
std::string ConfigurationOf(std::string_view service, const Settings& settings);

}  // namespace lmsmail::integration
