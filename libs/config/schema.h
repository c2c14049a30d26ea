#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/config/types.h"
#include "libs/status/error_details.h"

// Binds configuration keys to the fields of a service's config struct, once, at startup.
//
// A key is dotted lower case: "smtp.host". Its value comes from the first of these that has it:
//   1. the flag         --smtp.host=mx.example.edu   or   --smtp.host mx.example.edu
//   2. the environment  LMSMAIL_DISPATCH_SMTP_HOST   (LMSMAIL_, the service, the key; "." is "_")
//   3. the YAML file    --config FILE                (nested maps, or dotted keys, or both)
//   4. the default      the value of the struct's field before Load()
//
// An undeclared key is an error in any source, and so is every value that does not parse or is out
// of range. Load() reports all errors at once, each with its source, its key and a remedy.
//
//   Config c;
//   config::Schema schema("dispatch", version);
//   schema.Address("listen", &c.listen, "Where the gRPC server listens.");
//   config::Group smtp = schema.Sub("smtp");
//   smtp.Int32("max_connections", &c.smtp.max_connections, "Connections per relay.", {1, 1000});
//   smtp.Secret("password", &c.smtp.password, "Password of the relay.");
//   LMSMAIL_ASSIGN_OR_RETURN(config::Outcome outcome, schema.Load(argc, argv, environ));
namespace lmsmail::config {

namespace internal {
class Registry;
}  // namespace internal

// Inclusive.
template <typename T>
struct Range {
  T min = std::numeric_limits<T>::lowest();
  T max = std::numeric_limits<T>::max();
};
template <>
struct Range<absl::Duration> {
  absl::Duration min = absl::ZeroDuration();
  absl::Duration max = absl::InfiniteDuration();
};

// Declares keys below a common prefix. Libraries take a group to declare the keys of their options:
//   void DeclareOptions(config::Group keys, PoolOptions* options);
// A group is a view of its Schema: cheap to copy, invalid after it. Fields must outlive Load().
// A description is one sentence on one line.
class Group {
 public:
  void String(std::string_view key, std::string* field, std::string_view description);
  void Bool(std::string_view key, bool* field, std::string_view description);
  void Int32(std::string_view key, int32_t* field, std::string_view description,
             Range<int32_t> range = {});
  void Double(std::string_view key, double* field, std::string_view description,
              Range<double> range = {});
  // "250ms", "1h30m", "30d". Never negative unless `range` allows it.
  void Duration(std::string_view key, absl::Duration* field, std::string_view description,
                Range<absl::Duration> range = {});
  // "8MiB", "512KiB", "1GiB", "64kB", "100" (bytes).
  void Bytes(std::string_view key, int64_t* field, std::string_view description,
             Range<int64_t> range = {0, std::numeric_limits<int64_t>::max()});
  // "0.0.0.0:7103", "[::1]:0", "mx.example.edu:587".
  void Address(std::string_view key, HostPort* field, std::string_view description);
  // A YAML sequence, or "a,b,c" anywhere; "" is the empty list.
  void StringList(std::string_view key, std::vector<std::string>* field,
                  std::string_view description);
  template <typename E>
  using EnumNames = std::vector<std::pair<std::string, E>>;
  template <typename E>
  void Enum(std::string_view key, E* field, EnumNames<E> names, std::string_view description);

  // Declares the key "<key>_file": the path of a file whose content, less one newline at its end,
  // is the secret. An unreadable or empty file is an error. A secret can't be given inline and is
  // never shown.
  void Secret(std::string_view key, std::string* field, std::string_view description);

  // The same schema, every key below "<prefix>.".
  Group Sub(std::string_view prefix) const;

  // Keys that repeat below chosen names: "transports.<name>.kind". `declare` runs once for each
  // name found in the flags or the file, and declares the name's keys:
  //   schema.Section("transports", [&](const std::string& name, config::Group keys) {
  //     TransportConfig& transport = c.transports[name];  // a std::map: its elements stay in place
  //     keys.String("host", &transport.host, "Where the relay is.");
  //   });
  // The environment can't spell a name, so it can only set keys of names that a flag or the file
  // introduces. Names are [a-z][a-z0-9_-]*. For --help, `declare` runs with the name "<name>".
  using DeclareEntry = std::function<void(const std::string& name, Group keys)>;
  void Section(std::string_view key, DeclareEntry declare);

 private:
  friend class Schema;
  friend class internal::Registry;
  Group(internal::Registry* registry, std::string prefix)
      : registry_(registry), prefix_(std::move(prefix)) {}

  std::string FullKey(std::string_view key) const;
  // Parses text to an index into `names`; Enum() turns it into a value.
  void EnumByIndex(std::string_view key, std::vector<std::string> names,
                   std::optional<size_t> default_index, std::function<void(size_t)> assign,
                   std::string_view description);

  internal::Registry* registry_;
  std::string prefix_;  // "" or "smtp."
};

// One key of the configuration in force, for a log: secrets and passwords are masked.
struct Setting {
  std::string key;
  std::string value;
  std::string source;  // "flag --KEY", "environment NAME", "file PATH:LINE" or "default"

  bool operator==(const Setting&) const = default;
};

struct Outcome {
  // False after --help, --version and --check-config: print `output` and exit with success.
  bool run = true;
  std::string output = {};
  std::vector<Setting> effective = {};  // in the order of declaration
};

class Schema : public Group {
 public:
  // `service` names the environment prefix; `version` is what --version prints.
  Schema(std::string_view service, std::string_view version);
  ~Schema();
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  // A flag without a value, "--<name>", that no other source can set.
  void Switch(std::string_view name, bool* field, std::string_view description);

  // `check` runs after all fields are set, for rules that span keys. The fields of its violations
  // are keys; a violation of a key that has an error already is dropped.
  void Check(std::function<void(Violations&)> check);

  // Reads a whole file. Errors name the path.
  using ReadFile = std::function<absl::StatusOr<std::string>(const std::string& path)>;

  // Sets every declared field. An error is INVALID_ARGUMENT with one violation for each mistake and
  // leaves the fields unspecified. Reads nothing but its arguments. Call once.
  absl::StatusOr<Outcome> Load(int argc, const char* const* argv, const char* const* environment,
                               const ReadFile& read_file = ReadFileFromDisk);

  static absl::StatusOr<std::string> ReadFileFromDisk(const std::string& path);

 private:
  std::unique_ptr<internal::Registry> owned_registry_;
};

template <typename E>
void Group::Enum(std::string_view key, E* field, EnumNames<E> names, std::string_view description) {
  std::vector<std::string> texts;
  std::vector<E> values;
  std::optional<size_t> default_index;
  for (auto& [text, value] : names) {
    if (value == *field && !default_index) default_index = values.size();
    texts.push_back(std::move(text));
    values.push_back(value);
  }
  EnumByIndex(
      key, std::move(texts), default_index,
      [field, values = std::move(values)](size_t index) { *field = values[index]; }, description);
}

}  // namespace lmsmail::config
