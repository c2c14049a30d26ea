#include "libs/config/usage.h"

#include <fmt/format.h>

#include <iterator>

namespace lmsmail::config::internal {

std::string Usage(const Registry& registry) {
  std::string text = fmt::format(
      "Usage: lmsmail-{} [--config FILE] [--key=value ...]\n\n"
      "A key's value comes from its flag, else its environment variable, else the YAML file, else\n"
      "its default.\n\n"
      "  --config FILE   read keys from a YAML file\n"
      "  --check-config  validate the configuration, print it and exit\n"
      "  --help          print this and exit\n"
      "  --version       print the version and exit\n",
      registry.service());
  for (const Switch& declared : registry.switches()) {
    fmt::format_to(std::back_inserter(text), "  --{:<14}{}\n", declared.name, declared.description);
  }
  text += '\n';
  for (const Key& key : registry.keys()) {
    fmt::format_to(std::back_inserter(text), "  --{} ({})\n      {}\n", key.name, key.type,
                   key.description);
    fmt::format_to(std::back_inserter(text), "      {}{}\n", registry.VariableOf(key),
                   key.default_text.empty() ? "" : fmt::format(", default {}", key.default_text));
  }
  return text;
}

std::string CheckReport(const Registry& registry, const std::vector<Setting>& effective) {
  std::string text = fmt::format("lmsmail-{}: the configuration is valid\n", registry.service());
  for (const Setting& setting : effective) {
    fmt::format_to(std::back_inserter(text), "{}={}  ({})\n", setting.key, setting.value,
                   setting.source);
  }
  return text;
}

}  // namespace lmsmail::config::internal
