#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libs/render/schema.h"

namespace lmsmail::render {

// What the name in a tag refers to.
struct Resolved {
  const Schema* schema = nullptr;  // null: unknown
  // Of a section {{#count.few}} of a number, "few"; of {{#kind.video}} of a choice, "video".
  std::string_view category;
  std::vector<const Schema*> path;  // all that the name mentions, outermost first
  std::string problem;              // why `schema` is null; empty inside an undeclared section
};

// Resolves names against the declarations as the renderer resolves them against values: the first
// segment in the innermost open section that has such a field, the other segments inside it.
class NameScopes {
 public:
  // `root` must outlive this.
  explicit NameScopes(const Schema& root) : root_(root) {}

  // `name` must outlive the result.
  Resolved Resolve(std::string_view name) const;

  void Open(const Resolved& section) { scopes_.push_back({section.schema, false}); }
  void OpenInverted() { scopes_.push_back({nullptr, true}); }
  void Close() { scopes_.pop_back(); }

 private:
  struct Scope {
    const Schema* schema;  // null: undeclared, so its fields are unknown
    bool transparent;      // an inverted section opens no scope
  };

  Resolved ResolveItem() const;
  const Schema* FindFirst(std::string_view name) const;
  bool InUndeclaredSection() const;

  const Schema& root_;
  std::vector<Scope> scopes_;
};

// Whether "{name}.{category}" opens a section for some values of `type`.
bool IsCategory(VariableType type, std::string_view category);

}  // namespace lmsmail::render
