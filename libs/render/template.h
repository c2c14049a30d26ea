#pragma once

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "libs/render/content.h"
#include "libs/render/schema.h"
#include "libs/render/variable.h"

namespace lmsmail::render {

// What a tag of a compiled part refers to.
struct Slot {
  enum class Use { kLiteral, kEscaped, kPlain, kSection, kInverted };
  Use use = Use::kLiteral;
  std::string text;               // the literal, or the name as written
  std::vector<std::string> path;  // the name's segments without `category`; empty for {{.}}
  // As declared; the values of a name that is not declared are written as they are.
  VariableType type = VariableType::kString;
  // The value is read by a program, as the width in `style`, so it is written as it is.
  bool verbatim = false;
  // Of a section {{#count.few}} or {{#kind.video}}: it opens if the value is in this category.
  std::string category;
  // Of the category "other": those that have a section in this part, so that it opens for the rest.
  std::vector<std::string> other_than;
};

// A part in the form that kainjow parses correctly and within microseconds: only tags, named by the
// numbers of their slots ("{{&0}}{{#1}}{{&2}}{{/1}}"). From the original text kainjow would make a
// component of every word and blank, and it would remove lines by rules that differ from the
// specification.
struct CompiledPart {
  std::string source;
  std::vector<Slot> slots;
};

// One version of a template in one language, ready to render. Immutable, so threads can share it.
class Template {
  struct Private {
    explicit Private() = default;
  };

 public:
  Template(Private, std::array<CompiledPart, 3> parts, Schema schema)
      : parts_(std::move(parts)), schema_(std::move(schema)) {}

  // INVALID_ARGUMENT, with every error as a violation, when syntax or declarations are invalid.
  // CheckTemplate finds more errors; whatever passes it compiles.
  static absl::StatusOr<std::shared_ptr<const Template>> Compile(
      const Content& content, const std::vector<Variable>& variables);

  const CompiledPart& part(Part part) const { return parts_.at(static_cast<std::size_t>(part)); }
  const Schema& schema() const { return schema_; }

 private:
  const std::array<CompiledPart, 3> parts_;  // by Part
  const Schema schema_;
};

}  // namespace lmsmail::render
