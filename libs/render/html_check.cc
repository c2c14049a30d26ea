#include "libs/render/html_check.h"

#include <fmt/format.h>

#include "libs/render/diagnostic.h"

namespace lmsmail::render {
namespace {

// What CSS reads as one token, whatever the value.
bool IsSafeInStyle(VariableType type) {
  return type == VariableType::kNumber || type == VariableType::kPercent ||
         type == VariableType::kColor;
}

std::string_view Describe(HtmlPlace place) {
  switch (place) {
    case HtmlPlace::kTag:
      return "inside a tag";
    case HtmlPlace::kStyle:
      return "inside <style>";
    case HtmlPlace::kScript:
      return "inside <script> or an element like it";
    case HtmlPlace::kComment:
      return "inside a comment";
    case HtmlPlace::kUnquotedValue:
    case HtmlPlace::kQuotedValue:
      return "inside an attribute";
    case HtmlPlace::kText:
      break;
  }
  return "in text";
}

}  // namespace

std::string HtmlCheck::CheckText(std::string_view text) {
  scanner_.Feed(text);
  const std::vector<std::string> urls = scanner_.TakeScriptUrls();
  if (urls.empty()) return "";
  return fmt::format("the link {} runs a script, which mail clients block: link to a page",
                     Quote(urls.front()));
}

std::string HtmlCheck::CheckValue(std::string_view name, const Resolved& resolved, bool unescaped) {
  const HtmlPlace place = scanner_.place();
  const VariableType type =
      resolved.schema != nullptr ? resolved.schema->type : VariableType::kString;
  std::string problem;
  switch (place) {
    case HtmlPlace::kText:
      break;
    case HtmlPlace::kUnquotedValue:
      problem = fmt::format(
          "{} is the value of an attribute without quotes, where a blank would begin another "
          "attribute: write {}=\"{{{{{}}}}}\"",
          Quote(name), scanner_.attribute(), name);
      break;
    case HtmlPlace::kQuotedValue:
      problem = unescaped ? fmt::format(
                                "{} is unescaped in an attribute, which a quote in it would "
                                "end: write {{{{{}}}}}",
                                Quote(name), name)
                          : CheckAttribute(name, type);
      break;
    case HtmlPlace::kStyle:
      if (IsSafeInStyle(type)) break;
      problem = fmt::format(
          "{} is inside <style>, where only variables of the types TYPE_COLOR, TYPE_NUMBER and "
          "TYPE_PERCENT are allowed",
          Quote(name));
      break;
    case HtmlPlace::kTag:
    case HtmlPlace::kScript:
    case HtmlPlace::kComment:
      problem = fmt::format(
          "{} is {}, where escaping does not help: put it into text or into the value of an "
          "attribute with quotes",
          Quote(name), Describe(place));
      break;
  }
  scanner_.FeedValue();
  return problem;
}

std::string HtmlCheck::CheckAttribute(std::string_view name, VariableType type) const {
  const std::string_view attribute = scanner_.attribute();
  if (attribute.starts_with("on") || attribute == "srcdoc") {
    return fmt::format("{} is inside the attribute {}, which runs as a script: remove it",
                       Quote(name), attribute);
  }
  if (attribute == "style" && !IsSafeInStyle(type)) {
    return fmt::format(
        "{} is inside a style attribute, where only variables of the types TYPE_COLOR, "
        "TYPE_NUMBER and TYPE_PERCENT are allowed",
        Quote(name));
  }
  if (!IsUrlAttribute(attribute)) return "";
  const std::string before = scanner_.UrlSoFar();
  if (before.empty() && type != VariableType::kUrl) {
    return fmt::format(
        "{} is where the URL of {} begins: declare it as TYPE_URL, so that it cannot "
        "run a script",
        Quote(name), attribute);
  }
  if (!before.empty() && before.front() != '\x01' &&
      before.find_first_of(":/?#") == std::string::npos) {
    return fmt::format("{} may decide the scheme of the URL in {}: begin it with https://",
                       Quote(name), attribute);
  }
  return "";
}

std::string HtmlCheck::CloseSection(std::string_view name) {
  const HtmlPlace opened = sections_.back();
  sections_.pop_back();
  if (opened == scanner_.place()) return "";
  return fmt::format(
      "the section {} opens {} and closes {}: without it, what follows is read as "
      "something else",
      Quote(name), Describe(opened), Describe(scanner_.place()));
}

}  // namespace lmsmail::render
