#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lmsmail::render {

// There is no date type: the format of a date depends on language and time zone, so senders pass it
// as a string.
enum class VariableType {
  kString,  // accepts numbers and booleans too
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

// A value that a template may use and that a sender must or may provide.
struct Variable {
  // "site_name", or "user.first_name": a dotted name declares a field of an object that needs no
  // declaration. Segments consist of letters, digits, '_' and '-'.
  std::string name;
  VariableType type = VariableType::kString;
  // Must be present and not null. Inside `fields`: whenever the object or the list's item is
  // present.
  bool required = false;
  std::string description = "";
  // As text: "Ada", "42", "true". Samples of objects and lists come from `fields`.
  std::string sample = "";
  // The fields of an object, or of each item of a list. A list without fields holds scalars, which
  // {{.}} prints.
  std::vector<Variable> fields = {};
};

}  // namespace lmsmail::render
