#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libs/status/error_details.h"

// Reads flags, environment and file without knowing the schema.
namespace lmsmail::config::internal {

// One value from one source.
struct RawValue {
  enum class Kind {
    kText,
    kList,     // a YAML sequence
    kNull,     // a YAML null or empty map: valid for a group, not for a key
    kNoValue,  // a flag without a value
  };
  enum class Origin { kFlag, kEnvironment, kFile };

  std::string key;  // dotted
  Kind kind = Kind::kText;
  Origin origin = Origin::kFlag;
  std::string text = {};
  std::vector<std::string> items = {};
  std::string source =
      {};  // "flag --smtp.host", "environment LMSMAIL_...", "file dispatch.yaml:12"
};

// --key=value, --key value, --key. The next argument is a flag's value unless it begins with "--".
std::vector<RawValue> ReadFlags(const std::vector<std::string>& arguments, Violations& errors);

// The variables whose names start with `prefix`; `key` holds the variable's name. Skips those that
// Kubernetes sets for every Service of the namespace, which can share the prefix:
// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
std::vector<RawValue> ReadEnvironment(const char* const* environment, std::string_view prefix);

// Flattens nested maps to dotted keys. False when `content` is not one YAML map.
bool ReadYaml(const std::string& path, const std::string& content, std::vector<RawValue>& values,
              Violations& errors);

}  // namespace lmsmail::config::internal
