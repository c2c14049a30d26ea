#include "libs/config/registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <utility>

#include "absl/strings/ascii.h"

#include "libs/config/masking.h"
#include "libs/config/nearest.h"
#include "libs/config/usage.h"
#include "libs/config/value_parsing.h"
#include "libs/status/status_macros.h"

namespace lmsmail::config::internal {
namespace {

constexpr std::string_view kPlaceholderName = "<name>";

std::string VariableName(std::string_view name) {
  std::string variable;
  for (const char c : name) {
    variable += c == '.' || c == '-' ? '_' : absl::ascii_toupper(static_cast<unsigned char>(c));
  }
  return variable;
}

std::string Text(const absl::Status& status) { return std::string(status.message()); }

}  // namespace

Registry::Registry(std::string_view service, std::string_view version)
    : service_(service),
      version_(version),
      variable_prefix_(fmt::format("LMSMAIL_{}_", VariableName(service))) {}

std::string Registry::VariableOf(const Key& key) const {
  return variable_prefix_ + VariableName(key.name);
}

Key* Registry::Declare(Key key) {
  Key* const declared = &keys_.emplace_back(std::move(key));
  if (!by_name_.emplace(declared->name, declared).second) {
    Fault(declared->name, "is declared twice; that is a fault of the program");
  }
  const auto [other, inserted] = by_variable_.emplace(VariableOf(*declared), declared);
  if (!inserted && other->second->name != declared->name) {
    Fault(declared->name, fmt::format("shares its environment variable {} with {}; rename one",
                                      other->first, other->second->name));
  }
  return declared;
}

void Registry::DeclareSection(std::string prefix, Group::DeclareEntry declare) {
  sections_.push_back({.prefix = std::move(prefix), .declare = std::move(declare)});
}

void Registry::AddCheck(std::function<void(Violations&)> check) {
  checks_.push_back(std::move(check));
}

absl::StatusOr<std::string> Registry::ReadSecret(const std::string& path) const {
  LMSMAIL_ASSIGN_OR_RETURN(std::string secret, read_file_(path));
  if (secret.ends_with('\n')) secret.pop_back();
  if (secret.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("the file {} is empty; put the secret into it", path));
  }
  return secret;
}

absl::StatusOr<Outcome> Registry::Load(const std::vector<std::string>& arguments,
                                       const char* const* environment,
                                       const Schema::ReadFile& read_file) {
  read_file_ = read_file;
  const std::vector<Given> flags = TakeFlags(arguments);
  if (help_) {
    for (SectionDeclaration& section : sections_) {
      DeclareEntry(section, std::string(kPlaceholderName), "");
    }
    return Outcome{.run = false, .output = Usage(*this)};
  }
  if (show_version_) {
    return Outcome{.run = false, .output = fmt::format("lmsmail-{} {}\n", service_, version_)};
  }

  const std::vector<Given> file = ReadConfigFile(read_file);
  DeclareEntries(flags);
  DeclareEntries(file);
  Bind(flags);
  Bind(TakeEnvironment(environment));
  Bind(file);

  Outcome outcome;
  AssignAll(outcome.effective);
  RunChecks();
  LMSMAIL_RETURN_IF_ERROR(faults_.ToStatus());
  if (check_only_) {
    outcome.run = false;
    outcome.output = CheckReport(*this, outcome.effective);
  }
  return outcome;
}

std::vector<Given> Registry::TakeFlags(const std::vector<std::string>& arguments) {
  std::vector<Given> flags = ReadFlags(arguments, faults_);
  std::erase_if(flags, [this](const Given& flag) { return TakeReserved(flag); });
  return flags;
}

bool Registry::TakeReserved(const Given& flag) {
  if (flag.key == "config") {
    if (flag.text.empty() || !config_path_.empty()) {
      Fault("config", "flag --config: give one file, as --config FILE");
    }
    config_path_ = flag.text;
    return true;
  }
  bool* const given = flag.key == "help"           ? &help_
                      : flag.key == "version"      ? &show_version_
                      : flag.key == "check-config" ? &check_only_
                                                   : nullptr;
  if (given == nullptr) return false;
  *given = true;
  if (flag.kind != Given::Kind::kBare) {
    Fault(flag.key, fmt::format("{}: takes no value", flag.source));
  }
  return true;
}

std::vector<Given> Registry::ReadConfigFile(const Schema::ReadFile& read_file) {
  std::vector<Given> givens;
  if (config_path_.empty()) return givens;
  const absl::StatusOr<std::string> content = read_file(config_path_);
  if (!content.ok()) Fault("config", "flag --config: " + Text(content.status()));
  file_unreadable_ = !content.ok() || !ReadYaml(config_path_, *content, givens, faults_);
  return givens;
}

void Registry::DeclareEntries(const std::vector<Given>& givens) {
  for (size_t i = 0; i < sections_.size(); ++i) {  // grows when an entry declares a section
    SectionDeclaration& section = sections_[i];
    for (const Given& given : givens) {
      if (!given.key.starts_with(section.prefix)) continue;
      const std::string rest = given.key.substr(section.prefix.size());
      const size_t dot = rest.find('.');
      // "transports.console:" with nothing below it still introduces "console".
      if (dot == std::string::npos && given.kind != Given::Kind::kNothing) continue;
      DeclareEntry(section, rest.substr(0, dot), given.source);
    }
  }
}

void Registry::DeclareEntry(SectionDeclaration& section, const std::string& name,
                            const std::string& source) {
  if (!section.names.insert(name).second) return;
  static const std::regex valid("[a-z][a-z0-9_-]*");
  if (name != kPlaceholderName && !std::regex_match(name, valid)) {
    Fault(section.prefix + name,
          fmt::format("{}: the name is not lower-case letters, digits, - and _, a letter first",
                      source));
  }
  section.declare(name, Group(this, section.prefix + name + "."));
}

std::vector<Given> Registry::TakeEnvironment(const char* const* environment) {
  std::vector<Given> known;
  for (Given& given : ReadEnvironment(environment, variable_prefix_)) {
    const auto key = by_variable_.find(given.key);
    if (key == by_variable_.end()) {
      Fault(given.key, fmt::format("{}: unknown{}", given.source, UnknownRemedy(given)));
      continue;
    }
    given.key = key->second->name;
    known.push_back(std::move(given));
  }
  return known;
}

Key* Registry::Find(const std::string& name, std::string* entry) {
  if (const auto key = by_name_.find(name); key != by_name_.end()) return key->second;
  for (size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
    const auto key = by_name_.find(name.substr(0, dot));
    if (key != by_name_.end() && key->second->assign_entries != nullptr) {
      *entry = name.substr(dot + 1);
      return key->second;
    }
  }
  return nullptr;
}

bool Registry::IsGroup(const std::string& name) const {
  const std::string prefix = name + ".";
  const auto below = [&](const std::string& other) { return other.starts_with(prefix); };
  return std::any_of(keys_.begin(), keys_.end(), [&](const Key& key) { return below(key.name); }) ||
         std::any_of(sections_.begin(), sections_.end(), [&](const SectionDeclaration& section) {
           return below(section.prefix) ||
                  (name.starts_with(section.prefix) &&
                   section.names.contains(name.substr(section.prefix.size())));
         });
}

void Registry::Bind(std::vector<Given> source) {
  std::map<Key*, Bound> here;
  std::set<std::string> seen;
  for (Given& given : source) {
    std::string entry;
    Key* const key = Find(given.key, &entry);
    if (key == nullptr) {
      if (given.kind == Given::Kind::kNothing && IsGroup(given.key)) continue;
      Fault(given.key, fmt::format("{}: unknown{}", given.source, UnknownRemedy(given)));
      continue;
    }
    if (!seen.insert(given.key).second) {
      Fault(given.key, fmt::format("{}: given twice; keep one", given.source));
      continue;
    }
    Bound& bound = here[key];
    if (!entry.empty()) {
      if (given.kind != Given::Kind::kText) {
        Fault(given.key, fmt::format("{}: give it one value", given.source));
      }
      bound.has_entries = true;
      bound.entries[entry] = given.text;
    }
    bound.given = std::move(given);
  }
  bound_.merge(here);  // keeps what an earlier source, of higher precedence, has bound
}

void Registry::AssignAll(std::vector<Setting>& effective) {
  for (Key& key : keys_) {
    const auto found = bound_.find(&key);
    if (found == bound_.end()) {
      if (key.required && !file_unreadable_) {
        Fault(key.name, fmt::format("is required; give --{}, {} or {} in the file", key.name,
                                    VariableOf(key), key.name));
      }
      effective.push_back({key.name, MaskPasswords(key.default_text), "default"});
      continue;
    }
    const Bound& bound = found->second;
    const absl::Status status =
        bound.has_entries ? key.assign_entries(bound.entries) : key.assign(bound.given);
    if (!status.ok()) {
      Fault(key.name, fmt::format("{}: {}", bound.given.source, Text(status)));
      continue;
    }
    std::string value = bound.has_entries                           ? FormatMap(bound.entries)
                        : bound.given.kind == Given::Kind::kItems   ? FormatList(bound.given.items)
                        : bound.given.kind == Given::Kind::kBare    ? "true"
                        : bound.given.kind == Given::Kind::kNothing ? ""
                                                                    : bound.given.text;
    if (key.secret) value = fmt::format("<from {}>", value);
    effective.push_back({key.name, MaskPasswords(value), bound.given.source});
  }
}

void Registry::RunChecks() {
  // Without the file most fields hold defaults, of which the checks would say nothing useful.
  if (file_unreadable_) return;
  Violations found;
  for (const auto& check : checks_) check(found);
  for (const FieldViolation& violation : found.list()) {
    if (!faulty_keys_.contains(violation.field)) {
      faults_.Add(violation.field, violation.description);
    }
  }
}

void Registry::Fault(const std::string& key, std::string description) {
  faulty_keys_.insert(key);
  faults_.Add(key, std::move(description));
}

std::string Registry::UnknownRemedy(const Given& given) const {
  const auto spell = [&](const Key& key) {
    switch (given.origin) {
      case Given::Origin::kFlag:
        return "--" + key.name;
      case Given::Origin::kEnvironment:
        return VariableOf(key);
      case Given::Origin::kFile:
        break;
    }
    return key.name;
  };
  const bool variable = given.origin == Given::Origin::kEnvironment;
  const std::string written = given.origin == Given::Origin::kFlag ? "--" + given.key : given.key;
  std::vector<std::string> candidates;
  for (const Key& key : keys_) {
    const std::string spelled = spell(key);
    if (key.secret && written == spelled.substr(0, spelled.size() - kSecretSuffix.size())) {
      return fmt::format("; a secret can't be given inline: give the path of a file in {}",
                         spelled);
    }
    candidates.push_back(spelled);
  }
  const std::string nearest = Nearest(written, candidates);
  if (!nearest.empty()) return fmt::format("; did you mean {}?", nearest);
  return fmt::format("; remove it, or see --help for the {}",
                     variable ? "variables there are" : "keys there are");
}

}  // namespace lmsmail::config::internal
