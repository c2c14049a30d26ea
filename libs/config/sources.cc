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

std::vector<RawValue> ReadFlags(const std::vector<std::string>& arguments, Violations& errors) {
  std::vector<RawValue> values;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (!IsFlag(argument) || argument.size() == 2) {
      errors.Add(argument, "argument is not a flag; write --key=value");
      continue;
    }
    RawValue raw{.key = argument.substr(2), .kind = RawValue::Kind::kNoValue};
    if (const size_t equals = raw.key.find('='); equals != std::string::npos) {
      raw.kind = RawValue::Kind::kText;
      raw.text = raw.key.substr(equals + 1);
      raw.key.resize(equals);
    } else if (i + 1 < arguments.size() && !IsFlag(arguments[i + 1])) {
      raw.kind = RawValue::Kind::kText;
      raw.text = arguments[++i];
    }
    raw.source = fmt::format("flag --{}", raw.key);
    values.push_back(std::move(raw));
  }
  return values;
}

std::vector<RawValue> ReadEnvironment(const char* const* environment, std::string_view prefix) {
  std::vector<RawValue> values;
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view assignment = *environment;
    const size_t equals = assignment.find('=');
    if (!assignment.starts_with(prefix) || equals == std::string_view::npos) continue;
    RawValue raw{.key = std::string(assignment.substr(0, equals)),
                 .origin = RawValue::Origin::kEnvironment,
                 .text = std::string(assignment.substr(equals + 1))};
    if (IsKubernetesServiceLink(raw.key, raw.text)) continue;
    raw.source = fmt::format("environment {}", raw.key);
    values.push_back(std::move(raw));
  }
  return values;
}

}  // namespace lmsmail::config::internal
