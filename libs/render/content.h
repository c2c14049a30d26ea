#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace lmsmail::render {

enum class Part {
  kSubject,
  kHtml,
  kText,
  kVariables,  // the declarations; only faults name it
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

// What a template says in one locale. Every part is mustache; an empty html or text is left out of
// the mail.
struct Content {
  std::string subject;
  std::string html;
  std::string text;
  // {{>name}} of any part. A partial is escaped as the part that includes it is.
  std::map<std::string, std::string, std::less<>> partials;
};

}  // namespace lmsmail::render
