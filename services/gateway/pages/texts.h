#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace lmsmail::gateway {

// The texts of the pages in one language.
struct Language {
  std::string code;       // BCP 47
  std::string direction;  // of the script: "ltr" or "rtl"
  std::map<std::string, std::string, std::less<>> texts;

  // The text with {school} and {category} filled in. The key must exist.
  std::string Text(std::string_view key, std::string_view school,
                   std::string_view category = {}) const;
};

// The texts of the pages in every language, as in texts.yaml. Immutable and thread-safe.
class Texts {
 public:
  // An error names the text that a language lacks.
  static absl::StatusOr<Texts> Parse(std::string_view yaml);

  // The language for a reader of `code`; English if there is none.
  const Language& For(std::string_view code) const;
  // The language for the field Accept-Language, by the order of its languages.
  const Language& Accepted(std::string_view accept_language) const;

  const std::vector<Language>& languages() const { return languages_; }

 private:
  explicit Texts(std::vector<Language> languages) : languages_(std::move(languages)) {}

  std::vector<Language> languages_;  // English is the first
};

}  // namespace lmsmail::gateway
