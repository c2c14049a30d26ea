#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "libs/render/check.h"

namespace lmsmail::render {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The errors of an HTML part that uses the string `name`, the URL `url`, the number `count`, the
// percentage `done` and the color `color`.
std::vector<std::string> ErrorsOf(const std::string& html) {
  const CheckResult result = CheckTemplate({.subject = "S", .html = html, .text = ""},
                                           {{.name = "name"},
                                            {.name = "url", .type = VariableType::kUrl},
                                            {.name = "trusted"},
                                            {.name = "count", .type = VariableType::kNumber},
                                            {.name = "done", .type = VariableType::kPercent},
                                            {.name = "color", .type = VariableType::kColor}},
                                           {.unescaped_allowed = {"trusted"}});
  std::vector<std::string> messages;
  for (const Diagnostic& error : result.errors) messages.push_back(error.message);
  return messages;
}

TEST(HtmlCheckTest, AcceptsTextAndQuotedAttributes) {
  for (const char* good : {"<p>{{name}}</p>",
                           "<title>{{name}} <b> {{count}}</title><p>{{name}}",
                           "<a href=\"{{url}}\">x</a>",
                           "<a href = '{{url}}'>x</a>",
                           "<a href=\" {{url}}/x\">x</a>",
                           "<a href=\"https://a.example/{{name}}\">",
                           "<a href=\"mailto:{{name}}\">",
                           "<img alt=\"a > b {{name}}\" src=\"data:image/png;base64,AA\">",
                           "<td width=\"{{done}}%\" style=\"width:{{done}}%;color:{{color}}\">",
                           "<style>.a { color: {{color}}; width: {{count}}px }</style>{{name}}",
                           "<!--[if mso]><td>{{name}}</td><![endif]-->{{name}}",
                           "<!--[if !mso]><!-->{{name}}<!--<![endif]-->{{name}}",
                           "<!-- a > b -->{{name}}",
                           "<!---->{{name}}",
                           "<!doctype html>{{name}}",
                           "1 < 2 {{name}}",
                           "</p x=\"a>\">{{name}}",
                           "<script>if (a < b) {}</script>{{name}}",
                           "<style>a</style ><b a=b c>{{name}}",
                           "<td {{#count}}class=\"a\"{{/count}}>{{name}}</td>",
                           "{{{trusted}}}",
                           "<br/>{{name}}<a b/c='{{name}}'>"}) {
    EXPECT_THAT(ErrorsOf(good), IsEmpty()) << good;
  }
}

TEST(HtmlCheckTest, RefusesValuesWhereEscapingDoesNotHelp) {
  const std::pair<const char*, const char*> cases[] = {
      {"<a href={{url}}>", "write href=\"{{url}}\""},
      {"<a title=x{{name}}>", "without quotes"},
      {"<a title= {{name}} b='c'>", "without quotes"},
      {"<p {{name}}>", "inside a tag"},
      {"<p class=\"a\"{{name}}>", "inside a tag"},
      {"<{{name}}>", "inside a tag"},
      {"<p{{name}}>", "inside a tag"},
      {"<STYLE>{{name}}</STYLE>", "inside <style>"},
      {"<style media=\"x>y\">a{}</styles>{{name}}</style>", "inside <style>"},
      {"<script>var a = '{{name}}'</script>", "inside <script>"},
      {"<script type=\"application/ld+json\">{\"a\": {{count}}}</script>", "inside <script>"},
      {"<!-- {{name}} -->", "inside a comment"},
      {"<!-- [if mso]>{{name}} -->", "inside a comment"},
      {"<!x {{name}}>", "inside a comment"},
      {"<a onclick=\"f('{{name}}')\">", "onclick"},
      {"<a OnMouseOver='{{count}}'>", "onmouseover"},
      {"<p style=\"color:{{name}}\">", "style attribute"},
      {"<p style=\"background:url({{url}})\">", "style attribute"},
      {"<iframe srcdoc=\"{{name}}\">", "srcdoc"},
      {"<a title=\"{{{trusted}}}\">", "unescaped in an attribute"},
  };
  for (const auto& [html, message] : cases) {
    EXPECT_THAT(ErrorsOf(html), ElementsAre(HasSubstr(message))) << html;
  }
}

TEST(HtmlCheckTest, RefusesLinksThatRunScripts) {
  const std::pair<const char*, const char*> cases[] = {
      {"<a href=\"javascript:alert(1)\">", "runs a script"},
      {"<a href=' JaVa\nScript:alert({{count}})'>", "runs a script"},
      {"<a href=\"java&#115;cript&colon;x\">", "runs a script"},
      {"<a href=\"&#x6A;avascript:x\">", "runs a script"},
      {"<a href=javascript:x>", "runs a script"},
      {"<img src=\"vbscript:x\">", "runs a script"},
      {"<a href=\"data:text/html,x\">", "runs a script"},
      {"<form action=\"javascript:x\">", "runs a script"},
      {"<a href=\"{{name}}\">", "declare it as TYPE_URL"},
      {"<a href=\" {{name}}/x\">", "declare it as TYPE_URL"},
      {"<a href=\"java{{name}}\">", "may decide the scheme"},
  };
  for (const auto& [html, message] : cases) {
    EXPECT_THAT(ErrorsOf(html), ElementsAre(HasSubstr(message))) << html;
  }
}

TEST(HtmlCheckTest, RefusesSectionsThatChangeWhatFollows) {
  EXPECT_THAT(ErrorsOf("{{#count}}<!--{{/count}}x-->"), ElementsAre(HasSubstr("closes inside")));
  EXPECT_THAT(ErrorsOf("<a title=\"{{#count}}\">{{/count}}"), ElementsAre(HasSubstr("closes")));
  EXPECT_THAT(ErrorsOf("<a title=\"{{#count}}a{{/count}}\">"), IsEmpty());
}

}  // namespace
}  // namespace lmsmail::render
