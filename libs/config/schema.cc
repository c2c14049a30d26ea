#include "libs/config/schema.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <utility>

#include "libs/config/registry.h"
#include "libs/config/value_parsing.h"
#include "libs/status/status_macros.h"

namespace lmsmail::config {
namespace {

using internal::RawValue;

absl::Status Invalid(const std::string& description) {
  return absl::InvalidArgumentError(description);
}

// The text of a value that must be a single one.
absl::StatusOr<std::string> SingleText(const RawValue& raw) {
  switch (raw.kind) {
    case RawValue::Kind::kText:
      return raw.text;
    case RawValue::Kind::kList:
      return Invalid("is a list; give one value");
    case RawValue::Kind::kNull:
      return Invalid("has no value; give one, \"\" if it is to be empty");
    case RawValue::Kind::kNoValue:
      return Invalid(fmt::format("has no value; write --{}=VALUE", raw.key));
  }
  return Invalid("has no value");
}

// An assignment of the value that `parse` makes from a single text.
template <typename T, typename Parse>
std::function<absl::Status(const RawValue&)> AssignParsed(T* field, Parse parse) {
  return [field, parse](const RawValue& raw) -> absl::Status {
    LMSMAIL_ASSIGN_OR_RETURN(const std::string text, SingleText(raw));
    LMSMAIL_ASSIGN_OR_RETURN(*field, parse(text));
    return absl::OkStatus();
  };
}

// Wraps `parse` with a check against `range`; `format` formats a bound for the error.
template <typename T, typename Parse, typename Format>
auto Ranged(Range<T> range, Parse parse, Format format) {
  return [=](const std::string& text) -> absl::StatusOr<T> {
    LMSMAIL_ASSIGN_OR_RETURN(const auto value, parse(text));
    // Negated so that NaN is out of range too.
    if (!(value >= range.min)) {
      return Invalid(fmt::format("{} is too small; give at least {}", text, format(range.min)));
    }
    if (!(value <= range.max)) {
      return Invalid(fmt::format("{} is too large; give at most {}", text, format(range.max)));
    }
    return static_cast<T>(value);
  };
}

constexpr auto kFormatNumber = [](auto value) { return fmt::format("{}", value); };

absl::Status AssignList(std::vector<std::string>* field, const RawValue& raw) {
  if (raw.kind == RawValue::Kind::kList) {
    *field = raw.items;
    return absl::OkStatus();
  }
  LMSMAIL_ASSIGN_OR_RETURN(const std::string text, SingleText(raw));
  *field = internal::ParseList(text);
  return absl::OkStatus();
}

}  // namespace

std::string Group::FullKey(std::string_view key) const { return prefix_ + std::string(key); }

Group Group::Sub(std::string_view prefix) const { return {registry_, FullKey(prefix) + "."}; }

void Group::Section(std::string_view key, DeclareEntry declare) {
  registry_->DeclareSection(FullKey(key) + ".", std::move(declare));
}

void Group::String(std::string_view key, std::string* field, std::string_view description) {
  registry_->Declare(
      {.name = FullKey(key),
       .description = std::string(description),
       .type = "text",
       .default_text = *field,
       .assign = AssignParsed(
           field, [](std::string text) -> absl::StatusOr<std::string> { return text; })});
}

void Group::Bool(std::string_view key, bool* field, std::string_view description) {
  registry_->Declare({.name = FullKey(key),
                      .description = std::string(description),
                      .type = "true or false",
                      .default_text = *field ? "true" : "false",
                      .assign = [assign = AssignParsed(field, internal::ParseBool),
                                 field](const RawValue& raw) -> absl::Status {
                        if (raw.kind != RawValue::Kind::kNoValue) return assign(raw);
                        *field = true;
                        return absl::OkStatus();
                      }});
}

void Group::Int32(std::string_view key, int32_t* field, std::string_view description,
                  Range<int32_t> range) {
  registry_->Declare(
      {.name = FullKey(key),
       .description = std::string(description),
       .type = "whole number",
       .default_text = std::to_string(*field),
       .assign = AssignParsed(field, Ranged(range, internal::ParseInt, kFormatNumber))});
}

void Group::Double(std::string_view key, double* field, std::string_view description,
                   Range<double> range) {
  registry_->Declare(
      {.name = FullKey(key),
       .description = std::string(description),
       .type = "number",
       .default_text = fmt::format("{}", *field),
       .assign = AssignParsed(field, Ranged(range, internal::ParseDouble, kFormatNumber))});
}

void Group::Duration(std::string_view key, absl::Duration* field, std::string_view description,
                     Range<absl::Duration> range) {
  registry_->Declare({.name = FullKey(key),
                      .description = std::string(description),
                      .type = "duration",
                      .default_text = internal::FormatDuration(*field),
                      .assign = AssignParsed(field, Ranged(range, internal::ParseDuration,
                                                           internal::FormatDuration))});
}

void Group::Bytes(std::string_view key, int64_t* field, std::string_view description,
                  Range<int64_t> range) {
  registry_->Declare(
      {.name = FullKey(key),
       .description = std::string(description),
       .type = "size",
       .default_text = internal::FormatBytes(*field),
       .assign = AssignParsed(field, Ranged(range, internal::ParseBytes, internal::FormatBytes))});
}

void Group::Address(std::string_view key, HostPort* field, std::string_view description) {
  registry_->Declare({.name = FullKey(key),
                      .description = std::string(description),
                      .type = "host:port",
                      .default_text = field->host.empty() ? "" : field->ToString(),
                      .assign = AssignParsed(field, internal::ParseHostPort)});
}

void Group::StringList(std::string_view key, std::vector<std::string>* field,
                       std::string_view description) {
  registry_->Declare({.name = FullKey(key),
                      .description = std::string(description),
                      .type = "list: a,b",
                      .default_text = internal::FormatList(*field),
                      .assign = [field](const RawValue& raw) { return AssignList(field, raw); }});
}

void Group::EnumByIndex(std::string_view key, std::vector<std::string> names,
                        std::optional<size_t> default_index, std::function<void(size_t)> assign,
                        std::string_view description) {
  registry_->Declare(
      {.name = FullKey(key),
       .description = std::string(description),
       .type = fmt::format("{}", fmt::join(names, "|")),
       .default_text = default_index ? names[*default_index] : "",
       .assign = [names, assign = std::move(assign)](const RawValue& raw) -> absl::Status {
         LMSMAIL_ASSIGN_OR_RETURN(const std::string text, SingleText(raw));
         for (size_t i = 0; i < names.size(); ++i) {
           if (names[i] != text) continue;
           assign(i);
           return absl::OkStatus();
         }
         return Invalid(fmt::format("\"{}\" is not one of {}", text, fmt::join(names, ", ")));
       }});
}

void Group::Secret(std::string_view key, std::string* field, std::string_view description) {
  registry_->Declare(
      {.name = FullKey(key) + std::string(internal::kSecretSuffix),
       .description = std::string(description),
       .type = "path of a file that holds the secret",
       .secret = true,
       .assign = AssignParsed(field, [registry = registry_](const std::string& path) {
         return registry->ReadSecret(path);
       })});
}

Schema::Schema(std::string_view service, std::string_view version)
    : Group(nullptr, ""), owned_registry_(std::make_unique<internal::Registry>(service, version)) {
  registry_ = owned_registry_.get();
}

Schema::~Schema() = default;

// NOLINTNEXTLINE(readability-non-const-parameter): the registry writes to it
void Schema::Switch(std::string_view name, bool* field, std::string_view description) {
  registry_->AddSwitch(
      {.name = std::string(name), .field = field, .description = std::string(description)});
}

void Schema::Check(std::function<void(Violations&)> check) {
  registry_->AddCheck(std::move(check));
}

absl::StatusOr<Outcome> Schema::Load(int argc, const char* const* argv,
                                     const char* const* environment, const ReadFile& read_file) {
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  return registry_->Load(arguments, environment, read_file);
}

absl::StatusOr<std::string> Schema::ReadFileFromDisk(const std::string& path) {
  // libstdc++'s streams throw when they read a directory.
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             std::fclose);
  std::string content;
  if (file != nullptr) {
    std::array<char, 4096> chunk;
    while (const size_t read = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
      content.append(chunk.data(), read);
    }
    if (std::ferror(file.get()) == 0) return content;
  }
  return absl::NotFoundError(
      fmt::format("can't read the file {}: {}", path, std::generic_category().message(errno)));
}

}  // namespace lmsmail::config
