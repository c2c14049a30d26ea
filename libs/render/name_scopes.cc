#include "libs/render/name_scopes.h"

#include <fmt/format.h>

#include <algorithm>

#include "absl/strings/str_split.h"

#include "libs/locale/formatter.h"
#include "libs/render/diagnostic.h"
#include "libs/strings/view.h"

namespace lmsmail::render {

bool IsCategory(VariableType type, std::string_view category) {
  if (type == VariableType::kChoice) return true;
  if (type != VariableType::kNumber) return false;
  using enum locale::Plural;
  return std::ranges::any_of(
      std::initializer_list<locale::Plural>{kZero, kOne, kTwo, kFew, kMany, kOther},
      [category](locale::Plural plural) { return PluralName(plural) == category; });
}

Resolved NameScopes::Resolve(std::string_view name) const {
  if (name == ".") return ResolveItem();
  Resolved out;
  const std::vector<absl::string_view> names = absl::StrSplit(ToAbsl(name), '.');
  const Schema* schema = FindFirst(ToStd(names.front()));
  if (schema == nullptr) {
    // Inside an undeclared section, which is an error itself, any name may be a field.
    if (!InUndeclaredSection()) {
      out.problem = fmt::format("{} is not declared", Quote(ToStd(names.front())));
    }
    return out;
  }
  out.path.push_back(schema);
  for (std::size_t i = 1; i < names.size(); ++i) {
    const std::string_view segment = ToStd(names[i]);
    if (i + 1 == names.size() && IsCategory(schema->type, segment)) {
      out.category = segment;
      break;
    }
    if (schema->type == VariableType::kList) {
      out.problem = fmt::format("{} is a list: open it with {{{{#{}}}}} to reach its items' fields",
                                Quote(schema->path), schema->path);
      return out;
    }
    const Schema* field = schema->Field(segment);
    if (field == nullptr) {
      out.problem = fmt::format("{} has no declared field {}", Quote(schema->path), Quote(segment));
      return out;
    }
    schema = field;
    out.path.push_back(schema);
  }
  out.schema = schema;
  return out;
}

Resolved NameScopes::ResolveItem() const {
  Resolved out;
  const auto scope =
      std::find_if(scopes_.rbegin(), scopes_.rend(), [](const Scope& s) { return !s.transparent; });
  if (scope == scopes_.rend()) {
    out.problem = "{{.}} is valid only inside a section";
  } else {
    out.schema = scope->schema;
  }
  return out;
}

const Schema* NameScopes::FindFirst(std::string_view name) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    if (scope->schema == nullptr) continue;
    if (const Schema* field = scope->schema->Field(name)) return field;
  }
  return root_.Field(name);
}

bool NameScopes::InUndeclaredSection() const {
  return std::ranges::any_of(scopes_,
                             [](const Scope& s) { return s.schema == nullptr && !s.transparent; });
}

}  // namespace lmsmail::render
