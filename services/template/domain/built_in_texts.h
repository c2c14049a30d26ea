#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace lmsmail::templates {

enum class TextUse { kHtml, kPlain };

// The texts of the built-in templates (built_in/texts.yaml) in all languages.
class BuiltInTexts {
 public:
  // INTERNAL, with the name of the text, when a text lacks a language that others have.
  static absl::StatusOr<BuiltInTexts> Parse(std::string_view yaml);

  // English first.
  const std::vector<std::string>& languages() const { return languages_; }

  // The Mustache of a text in a layout of `template_id`; null when there is none. What is a text
  // and not a tag is escaped for `use`. In a language written from right to left, variables are
  // isolated, because their values may be in another script.
  const std::string* Find(std::string_view template_id, std::string_view name,
                          std::string_view language, TextUse use) const;

 private:
  struct Key {
    std::string section;  // a template's id, or "all"
    std::string name;
    std::string language;
    TextUse use;

    auto operator<=>(const Key&) const = default;
  };

  std::vector<std::string> languages_;
  std::map<Key, std::string> texts_;
};

// Replaces [[name]] in a layout by the texts of one language, and [[>file]] by the file of layout/
// with its own texts replaced.
struct Layout {
  const BuiltInTexts& texts;
  const std::map<std::string_view, std::string_view>& files;  // by path below built_in/
  std::string template_id;
  std::string language;
  TextUse use;

  // INTERNAL, with the name, when a text or file does not exist.
  absl::StatusOr<std::string> Fill(std::string_view source) const;

 private:
  absl::StatusOr<std::string> ValueOf(std::string_view name) const;
};

}  // namespace lmsmail::templates
