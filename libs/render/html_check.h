#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libs/render/html_scanner.h"
#include "libs/render/name_scopes.h"

namespace lmsmail::render {

// Checks where values stand in the HTML of one template. Escaping makes them safe in text and in
// quoted attributes, and nowhere else.
class HtmlCheck {
 public:
  // Each returns what is wrong, or "". `text` is the next text between tags.
  std::string CheckText(std::string_view text);
  // `name` as written in the tag, and what it refers to.
  std::string CheckValue(std::string_view name, const Resolved& resolved, bool unescaped);

  void OpenSection() { sections_.push_back(scanner_.place()); }
  std::string CloseSection(std::string_view name);

 private:
  std::string CheckAttribute(std::string_view name, VariableType type) const;

  HtmlScanner scanner_;
  std::vector<HtmlPlace> sections_;  // where the open ones begin
};

}  // namespace lmsmail::render
