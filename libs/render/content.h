#pragma once

#include <string>
#include <string_view>

namespace lmsmail::render {

enum class Part {
  kSubject,
  kHtml,
  kText,
  kVariables,  // the declarations; occurs in diagnostics only
};

constexpr std::string_view PartName(Part part) {
  switch (part) {
    case Part::kSubject:
      return "subject";
    case Part::kHtml:
      return "html";
    case Part::kText:
      return "text";
    case Part::kVariables:
      return "variables";
  }
  return "";
}

// A template's content in one language. Every part is mustache; the mail leaves out an empty html
// or text.
struct Content {
  std::string subject;
  std::string html;
  std::string text;
};

}  // namespace lmsmail::render
