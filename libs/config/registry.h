#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "libs/config/schema.h"
#include "libs/config/sources.h"

namespace lmsmail::config::internal {

inline constexpr std::string_view kSecretSuffix = "_file";

struct Key {
  std::string name;  // as sources write it: "smtp.password_file" for the secret smtp.password
  std::string description;
  std::string type;               // for --help: "duration"
  std::string default_text = {};  // for --help and the effective configuration
  bool secret = false;
  std::function<absl::Status(const RawValue& raw)> assign;
};

struct Switch {
  std::string name;
  bool* field;
  std::string description;
};

// Holds the declared keys and binds the sources' values to them.
class Registry {
 public:
  Registry(std::string_view service, std::string_view version);

  void Declare(Key key);
  void DeclareSection(std::string prefix, Group::DeclareEntry declare);
  void AddSwitch(Switch declared) { switches_.push_back(std::move(declared)); }
  void AddCheck(std::function<void(Violations&)> check);
  absl::StatusOr<std::string> ReadSecret(const std::string& path) const;

  absl::StatusOr<Outcome> Load(const std::vector<std::string>& arguments,
                               const char* const* environment, const Schema::ReadFile& read_file);

  const std::string& service() const { return service_; }
  const std::deque<Key>& keys() const { return keys_; }
  const std::vector<Switch>& switches() const { return switches_; }
  std::string VariableOf(const Key& key) const;

 private:
  struct SectionDeclaration {
    std::string prefix;  // "transports."
    Group::DeclareEntry declare;
    std::set<std::string> names = {};  // already declared
  };
  std::vector<RawValue> TakeFlags(const std::vector<std::string>& arguments);
  bool TakeReserved(const RawValue& flag);
  bool* SwitchOf(const std::string& flag);
  std::vector<RawValue> ReadConfigFile(const Schema::ReadFile& read_file);
  void DeclareEntries(const std::vector<RawValue>& values);
  void DeclareEntry(SectionDeclaration& section, const std::string& name,
                    const std::string& source);
  std::vector<RawValue> TakeEnvironment(const char* const* environment);

  bool IsGroup(const std::string& name) const;
  void Bind(std::vector<RawValue> source);
  void AssignAll(std::vector<Setting>& effective);
  void RunChecks();

  void AddError(const std::string& key, std::string description);
  std::string UnknownRemedy(const RawValue& raw) const;

  const std::string service_;
  const std::string version_;
  const std::string variable_prefix_;  // "LMSMAIL_DISPATCH_"
  std::deque<Key> keys_;
  std::map<std::string, Key*> by_name_;
  std::map<std::string, Key*> by_variable_;
  std::deque<SectionDeclaration> sections_;  // a deque: entries may declare sections
  std::vector<Switch> switches_;
  std::vector<std::function<void(Violations&)>> checks_;

  Schema::ReadFile read_file_;
  std::string config_path_;
  bool help_ = false;
  bool show_version_ = false;
  bool check_only_ = false;
  bool file_unreadable_ = false;
  std::map<Key*, RawValue> bound_;
  std::set<std::string> keys_with_errors_;
  Violations errors_;
};

}  // namespace lmsmail::config::internal
