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
#include "libs/secret_file/secret_file.h"
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

void Registry::Declare(Key key) {
  Key* const declared = &keys_.emplace_back(std::move(key));
  if (!by_name_.emplace(declared->name, declared).second) {
    AddError(declared->name, "is declared twice, which is a bug of the program");
  }
  const auto [other, inserted] = by_variable_.emplace(VariableOf(*declared), declared);
  if (!inserted && other->second->name != declared->name) {
    AddError(declared->name, fmt::format("shares its environment variable {} with {}; rename one",
                                         other->first, other->second->name));
  }
}

void Registry::DeclareSection(std::string prefix, Group::DeclareEntry declare) {
  sections_.push_back({.prefix = std::move(prefix), .declare = std::move(declare)});
}

void Registry::AddCheck(std::function<void(Violations&)> check) {
  checks_.push_back(std::move(check));
}

absl::StatusOr<std::string> Registry::ReadSecret(const std::string& path) const {
  LMSMAIL_RETURN_IF_ERROR(CheckSecretFile(path));
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
  const std::vector<RawValue> flags = TakeFlags(arguments);
  if (help_) {
    for (SectionDeclaration& section : sections_) {
      DeclareEntry(section, std::string(kPlaceholderName), "");
    }
    return Outcome{.run = false, .output = Usage(*this)};
  }
  if (show_version_) {
    return Outcome{.run = false, .output = fmt::format("lmsmail-{} {}\n", service_, version_)};
  }

  const std::vector<RawValue> file = ReadConfigFile(read_file);
  DeclareEntries(flags);
  DeclareEntries(file);
  Bind(flags);
  Bind(TakeEnvironment(environment));
  Bind(file);

  Outcome outcome;
  AssignAll(outcome.effective);
  RunChecks();
  LMSMAIL_RETURN_IF_ERROR(errors_.ToStatus());
  if (check_only_) {
    outcome.run = false;
    outcome.output = CheckReport(*this, outcome.effective);
  }
  return outcome;
}

std::vector<RawValue> Registry::TakeFlags(const std::vector<std::string>& arguments) {
  std::vector<RawValue> flags = ReadFlags(arguments, errors_);
  std::erase_if(flags, [this](const RawValue& flag) { return TakeReserved(flag); });
  return flags;
}

bool* Registry::SwitchOf(const std::string& flag) {
  if (flag == "help") return &help_;
  if (flag == "version") return &show_version_;
  if (flag == "check-config") return &check_only_;
  const auto declared = std::ranges::find(switches_, flag, &Switch::name);
  return declared == switches_.end() ? nullptr : declared->field;
}

bool Registry::TakeReserved(const RawValue& flag) {
  if (flag.key == "config") {
    if (flag.text.empty() || !config_path_.empty()) {
      AddError("config", "flag --config: give one file, as --config FILE");
    }
    config_path_ = flag.text;
    return true;
  }
  bool* const option = SwitchOf(flag.key);
  if (option == nullptr) return false;
  *option = true;
  if (flag.kind != RawValue::Kind::kNoValue) {
    AddError(flag.key, fmt::format("{}: takes no value", flag.source));
  }
  return true;
}

std::vector<RawValue> Registry::ReadConfigFile(const Schema::ReadFile& read_file) {
  std::vector<RawValue> values;
  if (config_path_.empty()) return values;
  const absl::StatusOr<std::string> content = read_file(config_path_);
  if (!content.ok()) AddError("config", "flag --config: " + Text(content.status()));
  file_unreadable_ = !content.ok() || !ReadYaml(config_path_, *content, values, errors_);
  return values;
}

void Registry::DeclareEntries(const std::vector<RawValue>& values) {
  for (size_t i = 0; i < sections_.size(); ++i) {  // grows when an entry declares a section
    SectionDeclaration& section = sections_[i];
    for (const RawValue& raw : values) {
      if (!raw.key.starts_with(section.prefix)) continue;
      const std::string rest = raw.key.substr(section.prefix.size());
      const size_t dot = rest.find('.');
      // "transports.console:" with nothing below it still introduces "console".
      if (dot == std::string::npos && raw.kind != RawValue::Kind::kNull) continue;
      DeclareEntry(section, rest.substr(0, dot), raw.source);
    }
  }
}

void Registry::DeclareEntry(SectionDeclaration& section, const std::string& name,
                            const std::string& source) {
  if (!section.names.insert(name).second) return;
  static const std::regex valid("[a-z][a-z0-9_-]*");
  if (name != kPlaceholderName && !std::regex_match(name, valid)) {
    AddError(section.prefix + name, fmt::format("{}: a name must consist of lower-case letters, "
                                                "digits, - and _ and begin with a letter",
                                                source));
  }
  section.declare(name, Group(this, section.prefix + name + "."));
}

std::vector<RawValue> Registry::TakeEnvironment(const char* const* environment) {
  std::vector<RawValue> known;
  for (RawValue& raw : ReadEnvironment(environment, variable_prefix_)) {
    const auto key = by_variable_.find(raw.key);
    if (key == by_variable_.end()) {
      AddError(raw.key, fmt::format("{}: unknown{}", raw.source, UnknownRemedy(raw)));
      continue;
    }
    raw.key = key->second->name;
    known.push_back(std::move(raw));
  }
  return known;
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

void Registry::Bind(std::vector<RawValue> source) {
  std::map<Key*, RawValue> here;
  for (RawValue& raw : source) {
    const auto key = by_name_.find(raw.key);
    if (key == by_name_.end()) {
      if (raw.kind == RawValue::Kind::kNull && IsGroup(raw.key)) continue;
      AddError(raw.key, fmt::format("{}: unknown{}", raw.source, UnknownRemedy(raw)));
      continue;
    }
    if (here.contains(key->second)) {
      AddError(raw.key, fmt::format("{}: given twice; keep one", raw.source));
      continue;
    }
    here.emplace(key->second, std::move(raw));
  }
  bound_.merge(here);  // keeps what an earlier source, of higher precedence, has bound
}

void Registry::AssignAll(std::vector<Setting>& effective) {
  for (Key& key : keys_) {
    const auto found = bound_.find(&key);
    if (found == bound_.end()) {
      effective.push_back({key.name, MaskPasswords(key.default_text), "default"});
      continue;
    }
    const RawValue& raw = found->second;
    if (const absl::Status status = key.assign(raw); !status.ok()) {
      AddError(key.name, fmt::format("{}: {}", raw.source, Text(status)));
      continue;
    }
    std::string value = raw.kind == RawValue::Kind::kList      ? FormatList(raw.items)
                        : raw.kind == RawValue::Kind::kNoValue ? "true"
                                                               : raw.text;
    if (key.secret) value = fmt::format("<from {}>", value);
    effective.push_back({key.name, MaskPasswords(value), raw.source});
  }
}

void Registry::RunChecks() {
  // Without the file most fields hold defaults, which the checks would blame for the missing file.
  if (file_unreadable_) return;
  Violations found;
  for (const auto& check : checks_) check(found);
  for (const FieldViolation& violation : found.list()) {
    if (!keys_with_errors_.contains(violation.field)) {
      errors_.Add(violation.field, violation.description);
    }
  }
}

void Registry::AddError(const std::string& key, std::string description) {
  keys_with_errors_.insert(key);
  errors_.Add(key, std::move(description));
}

std::string Registry::UnknownRemedy(const RawValue& raw) const {
  const auto spell = [&](const Key& key) {
    switch (raw.origin) {
      case RawValue::Origin::kFlag:
        return "--" + key.name;
      case RawValue::Origin::kEnvironment:
        return VariableOf(key);
      case RawValue::Origin::kFile:
        break;
    }
    return key.name;
  };
  const bool variable = raw.origin == RawValue::Origin::kEnvironment;
  const std::string written = raw.origin == RawValue::Origin::kFlag ? "--" + raw.key : raw.key;
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
