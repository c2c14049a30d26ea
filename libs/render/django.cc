#include "libs/render/django.h"

#include <fmt/format.h>

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

#include "libs/render/diagnostic.h"
#include "libs/render/tokenizer.h"
#include "libs/strings/view.h"

namespace lmsmail::render {
namespace {

std::string_view Trim(std::string_view text) {
  return ToStd(absl::StripAsciiWhitespace(ToAbsl(text)));
}

bool IsQuoted(std::string_view text) {
  return text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
         text.back() == text.front();
}

// What a filter's argument prints: a text, or a variable. Empty if it is neither.
std::string Printed(std::string_view argument) {
  if (IsQuoted(argument)) return std::string(argument.substr(1, argument.size() - 2));
  return IsVariableName(argument) ? fmt::format("{{{{{}}}}}", argument) : "";
}

std::string DefaultFor(std::string_view name, std::string_view argument) {
  const std::string otherwise = Printed(argument);
  if (otherwise.empty()) return "";
  return fmt::format("write {{{{#{0}}}}}{{{{{0}}}}}{{{{/{0}}}}}{{{{^{0}}}}}{1}{{{{/{0}}}}}", name,
                     otherwise);
}

std::string Plural(std::string_view name) {
  return fmt::format(
      "write {{{{#{0}.one}}}}...{{{{/{0}.one}}}}{{{{#{0}.other}}}}...{{{{/{0}.other}}}}, with a "
      "section for each plural of the language",
      name);
}

std::string TypeFor(std::string_view name, std::string_view type) {
  return fmt::format(
      "declare {} as {}, which is written for the recipient's language, and write "
      "{{{{{}}}}}",
      Quote(name), type, name);
}

}  // namespace

std::string MustacheForFilter(std::string_view tag) {
  const std::size_t bar = tag.find('|');
  if (bar == std::string_view::npos) return "";
  const std::string_view name = Trim(tag.substr(0, bar));
  const std::string_view rest = tag.substr(bar + 1);
  const std::size_t colon = rest.find(':');
  const std::string_view filter = Trim(rest.substr(0, colon));
  const std::string_view argument =
      colon == std::string_view::npos ? "" : Trim(rest.substr(colon + 1));
  std::string remedy;
  if (IsVariableName(name)) {
    if (filter == "default" || filter == "default_if_none") remedy = DefaultFor(name, argument);
    if (filter == "pluralize") remedy = Plural(name);
    if (filter == "date") remedy = TypeFor(name, "TYPE_DATE");
    if (filter == "time") remedy = TypeFor(name, "TYPE_TIME");
    if (filter == "floatformat" || filter == "intcomma") remedy = TypeFor(name, "TYPE_NUMBER");
    if (filter == "escape" || filter == "force_escape") {
      remedy = fmt::format("write {{{{{}}}}}, which is escaped", name);
    }
    if (filter == "safe") {
      remedy =
          fmt::format("list {} in unescaped_variables and write {{{{{{{}}}}}}}", Quote(name), name);
    }
    if (filter == "join") remedy = fmt::format("write {{{{{}}}}}, which prints a list", name);
  }
  if (remedy.empty()) remedy = "pass the finished value instead";
  return fmt::format("{} has a filter, which Mustache does not know: {}", Quote(tag), remedy);
}

std::string MustacheForBlock(std::string_view text) {
  const std::size_t end = text.find("%}");
  const std::string_view block =
      Trim(end == std::string_view::npos ? text.substr(2, 100) : text.substr(2, end - 2));
  const std::vector<absl::string_view> words =
      absl::StrSplit(ToAbsl(block), absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty());
  std::string remedy = "Mustache has variables {{name}} and sections {{#name}}...{{/name}} only";
  if (words.size() == 2 && words[0] == "if" && IsVariableName(ToStd(words[1]))) {
    remedy = fmt::format("write {{{{#{0}}}}}...{{{{/{0}}}}}", ToStd(words[1]));
  } else if (words.size() == 3 && words[0] == "if" && words[1] == "not" &&
             IsVariableName(ToStd(words[2]))) {
    remedy = fmt::format("write {{{{^{0}}}}}...{{{{/{0}}}}}", ToStd(words[2]));
  } else if (words.size() == 4 && words[0] == "for" && words[2] == "in" &&
             IsVariableName(ToStd(words[3]))) {
    remedy = fmt::format(
        "write {{{{#{0}}}}}...{{{{/{0}}}}}, in which {{{{title}}}} is the field "
        "title of an item and {{{{.}}}} the item",
        ToStd(words[3]));
  } else if (words.size() == 1 && words[0] == "else") {
    remedy = "close the section {{/name}} and open {{^name}}";
  } else if (!words.empty() && ToStd(words[0]).starts_with("end")) {
    remedy = "close a section with {{/name}}";
  } else if (!words.empty() && (words[0] == "trans" || words[0] == "blocktrans" ||
                                words[0] == "translate" || words[0] == "blocktranslate")) {
    remedy = "write the text, and give the template contents in each language";
  }
  return fmt::format("{} is Django's template language and would be sent as text: {}",
                     Quote(fmt::format("{{% {} %}}", block)), remedy);
}

}  // namespace lmsmail::render
