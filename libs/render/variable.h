#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lmsmail::render {

// There is no date: how a date reads depends on locale and time zone, so senders pass it as a
// string.
enum class VariableType {
  kString,  // a number or boolean is welcome too
  kNumber,
  kBoolean,
  kUrl,  // http://, https:// or mailto:
  kObject,
  kList,
};

constexpr std::string_view VariableTypeName(VariableType type) {
  switch (type) {
    case VariableType::kString:
      return "string";
    case VariableType::kNumber:
      return "number";
    case VariableType::kBoolean:
      return "boolean";
    case VariableType::kUrl:
      return "url";
    case VariableType::kObject:
      return "object";
    case VariableType::kList:
      return "list";
  }
  return "";
}

// What a template may use and a sender must or may give.
struct Variable {
  // "site_name", or "user.first_name": a dotted name declares a field of an object without
  // declaring the object. Segments are letters, digits, '_' and '-'.
  std::string name;
  VariableType type = VariableType::kString;
  // Neither absent nor null. Inside `fields`, wherever the object or the list's item is there.
  bool required = false;
  std::string description = "";
  // As text: "Ada", "42", "true". Objects and lists take theirs from `fields`.
  std::string sample = "";
  // An object's members or those of each of a list's items. A list without fields holds scalars,
  // which its section prints with {{.}}.
  std::vector<Variable> fields = {};
};

}  // namespace lmsmail::render
