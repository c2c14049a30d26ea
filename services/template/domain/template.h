#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "libs/category/category.h"
#include "libs/render/variable.h"

// Templates as series of immutable versions. The namespace is plural because `template` is a
// keyword.
namespace lmsmail::templates {

struct LocalizedContent {
  std::string language_code;  // BCP 47
  std::string subject;
  std::string html;
  std::string text;

  bool operator==(const LocalizedContent&) const = default;
};

// A declaration with its full dotted name: the field `title` of the list `report.courses` is
// "report.courses.title". libs/render nests such fields in their list; see ToRender().
struct Variable {
  std::string name;
  render::VariableType type = render::VariableType::kString;
  bool required = false;
  std::string description = "";
  std::string sample = "";  // as text: "Ada", "42", "true"; empty means none

  bool operator==(const Variable&) const = default;
};

// The part of a version that a rendered mail depends on.
struct TemplateContent {
  std::vector<LocalizedContent> languages;  // the first is the fallback
  std::vector<Variable> variables;
  std::vector<std::string> unescaped_variables;

  bool operator==(const TemplateContent&) const = default;
};

// SHA-256 in hex. Only equal content has equal digests.
std::string DigestOf(const TemplateContent& content);

struct Version {
  int number = 0;  // counted from 1
  TemplateContent content;
  std::string digest;
  bool built_in = false;  // came with the product
  absl::Time create_time;
};

Version MakeVersion(int number, TemplateContent content, bool built_in, absl::Time now);

// Selects a version of a template.
struct VersionSelector {
  enum class Kind {
    kNumber,
    kPublished,
    kLatest,
    kShown,  // the published version, or the latest when none is published
  };
  Kind kind = Kind::kShown;
  int number = 0;  // for kNumber

  bool operator==(const VersionSelector&) const = default;
};

// The state of a template, without its versions.
struct Template {
  std::string id;
  Category category = Category::kAnnouncement;
  std::string display_name;
  std::string description;
  int latest_version = 0;
  int published_version = 0;  // 0: none
  int publication = 0;        // number of the current publication; 0: none
  bool built_in = false;      // the published version is built in
  std::int64_t revision = 1;  // incremented by every change
  absl::Time create_time;
  absl::Time update_time;
  std::optional<absl::Time> delete_time;
};

std::string EtagOf(const Template& state);

struct NewTemplate {
  std::string id;
  Category category = Category::kAnnouncement;
  std::string display_name;
  std::string description;
  TemplateContent content;
};

// Records that a version was published. Publications are never changed or removed; the last one of
// a template is current.
struct Publication {
  int number = 0;  // counted from 1 per template
  int version = 0;
  // The publication that a rollback restores; 0: none. A rollback adds a publication with the
  // `previous` of the one it restores, so that a second rollback goes back further instead of
  // alternating between two versions.
  int previous = 0;
  absl::Time publish_time;
};

// A change of a template: its complete new state and the rows that the change adds.
struct Change {
  Template state;
  std::optional<Version> version = std::nullopt;
  std::optional<Publication> publication = std::nullopt;
};

// Returns the creation of a template with an unpublished version 1.
Change MakeTemplate(const NewTemplate& created, bool built_in, absl::Time now);
// Returns a change of `state` that so far changes only its revision and update time.
Change NextRevision(const Template& state, absl::Time now);
// Publishes `version` in `change`. `previous` is the publication that a rollback restores.
void Publish(const Version& version, int previous, absl::Time now, Change& change);

}  // namespace lmsmail::templates
