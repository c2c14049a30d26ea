#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libs/status/error_details.h"

// What flags, environment and file say, before any schema is consulted.
namespace lmsmail::config::internal {

// One value from one source.
struct Given {
  enum class Kind {
    kText,
    kItems,    // a YAML sequence
    kNothing,  // a YAML null or empty map: fine for a group, not for a key
    kBare,     // a flag without a value
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
std::vector<Given> ReadFlags(const std::vector<std::string>& arguments, Violations& faults);

// The variables whose names start with `prefix`; `key` holds the variable's name. Leaves out those
// that Kubernetes sets for every Service of the namespace, which can share the prefix:
// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
std::vector<Given> ReadEnvironment(const char* const* environment, std::string_view prefix);

// Flattens nested maps to dotted keys. False when `content` isn't YAML that can be read at all.
bool ReadYaml(const std::string& path, const std::string& content, std::vector<Given>& givens,
              Violations& faults);

}  // namespace lmsmail::config::internal
