#include "libs/config/sources.h"

#include <fmt/format.h>

#include <regex>

namespace lmsmail::config::internal {
namespace {

bool IsFlag(const std::string& argument) { return argument.starts_with("--"); }

bool IsKubernetesServiceLink(const std::string& variable, const std::string& value) {
  static const std::regex always(
      "[A-Z0-9_]+_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|"
      "PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)");
  static const std::regex address("(tcp|udp|sctp)://[^/]+");
  return std::regex_match(variable, always) ||
         (variable.ends_with("_PORT") && std::regex_match(value, address));
}

}  // namespace

std::vector<Given> ReadFlags(const std::vector<std::string>& arguments, Violations& faults) {
  std::vector<Given> givens;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (!IsFlag(argument) || argument.size() == 2) {
      faults.Add(argument, "argument is not a flag; write --key=value");
      continue;
    }
    Given given{.key = argument.substr(2), .kind = Given::Kind::kBare};
    if (const size_t equals = given.key.find('='); equals != std::string::npos) {
      given.kind = Given::Kind::kText;
      given.text = given.key.substr(equals + 1);
      given.key.resize(equals);
    } else if (i + 1 < arguments.size() && !IsFlag(arguments[i + 1])) {
      given.kind = Given::Kind::kText;
      given.text = arguments[++i];
    }
    given.source = fmt::format("flag --{}", given.key);
    givens.push_back(std::move(given));
  }
  return givens;
}

std::vector<Given> ReadEnvironment(const char* const* environment, std::string_view prefix) {
  std::vector<Given> givens;
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view assignment = *environment;
    const size_t equals = assignment.find('=');
    if (!assignment.starts_with(prefix) || equals == std::string_view::npos) continue;
    Given given{.key = std::string(assignment.substr(0, equals)),
                .origin = Given::Origin::kEnvironment,
                .text = std::string(assignment.substr(equals + 1))};
    if (IsKubernetesServiceLink(given.key, given.text)) continue;
    given.source = fmt::format("environment {}", given.key);
    givens.push_back(std::move(given));
  }
  return givens;
}

}  // namespace lmsmail::config::internal
