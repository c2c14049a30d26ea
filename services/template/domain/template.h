#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

#include "libs/render/variable.h"

// What a mail says, as a series of immutable versions. (The namespace has an s because `template`
// is a keyword.)
namespace lmsmail::templates {

// The numbers are those of lmsmail.type.v1.Category; the database holds them.
enum class Category {
  kEnrollment = 1,
  kPayment = 2,
  kDemo = 3,
  kProgress = 4,
  kContent = 5,
  kAnnouncement = 6,
};

struct LocalizedContent {
  std::string language_code;  // BCP 47
  std::string subject;
  std::string html;
  std::string text;

  bool operator==(const LocalizedContent&) const = default;
};

// A declaration with its whole dotted name: an item's field of the list "report.courses" is
// "report.courses.title". libs/render wants such fields inside their list: ToRender().
struct Variable {
  std::string name;
  render::VariableType type = render::VariableType::kString;
  bool required = false;
  std::string description = "";
  std::string sample = "";  // as text: "Ada", "42", "true"; empty: none

  bool operator==(const Variable&) const = default;
};

// All of a version that its mails depend on.
struct TemplateContent {
  std::vector<LocalizedContent> contents;  // the first is the fallback for other languages
  std::vector<Variable> variables;
  std::vector<std::string> unescaped_variables;

  bool operator==(const TemplateContent&) const = default;
};

// SHA-256 in hex; equal for equal contents only.
std::string DigestOf(const TemplateContent& content);

// The content for a recipient who reads `language_code`: that language, else one that shares its
// primary subtag (for "de-AT": "de" before "de-DE"), else the first. `contents` is not empty.
const LocalizedContent& PickLanguage(const std::vector<LocalizedContent>& contents,
                                     std::string_view language_code);

struct Version {
  int number = 0;  // from 1
  TemplateContent content;
  std::string digest;
  bool built_in = false;  // came with the product
  absl::Time create_time;
};

Version MakeVersion(int number, TemplateContent content, bool built_in, absl::Time now);

// Everything about a template that is not in its versions.
struct Template {
  std::string id;
  Category category = Category::kAnnouncement;
  std::string display_name;
  std::string description;
  int latest_version = 0;
  int published_version = 0;     // 0: none
  int publication = 0;           // number of the publication in force; 0: none
  bool built_in = false;  // of the published version
  std::int64_t revision = 1;     // grows by one with every change
  absl::Time create_time;
  absl::Time update_time;
  std::optional<absl::Time> delete_time;
};

std::string EtagOf(const Template& state);

// That a version was made the one new mail is written from. Never changed or removed; a template's
// last publication is the one in force.
struct Publication {
  int number = 0;  // from 1, per template
  int version = 0;
  // What a rollback goes back to; 0: nothing. A rollback is itself a publication whose `previous`
  // is that of the one it repeats, so rolling back twice goes back two steps instead of to and fro.
  int previous = 0;
  absl::Time time;
};

// One step of a template: its whole new state and what the step adds.
struct Change {
  Template state;
  std::optional<Version> version = std::nullopt;
  std::optional<Publication> publication = std::nullopt;
};

// Makes `version` the published one in `change`, a rollback of it going back to `previous`.
void Publish(const Version& version, int previous, absl::Time now, Change& change);

}  // namespace lmsmail::templates
