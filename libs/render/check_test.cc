#include "libs/render/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "libs/render/limits.h"
#include "libs/render/template.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::render {

static void PrintTo(const Diagnostic& error, std::ostream* os) {
  *os << PartName(error.part) << ":" << error.location.line << ":" << error.location.column << ": "
      << error.message;
}

namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<Variable> Variables() {
  return {
      {.name = "user.first_name", .required = true},
      {.name = "site_name"},
      {.name = "unsubscribe_url", .type = VariableType::kUrl},
      {.name = "content"},
      {.name = "is_trial", .type = VariableType::kBoolean},
      {.name = "tags", .type = VariableType::kList},
      {.name = "course",
       .type = VariableType::kObject,
       .fields = {{.name = "title"}, {.name = "teacher.name"}}},
      {.name = "report.courses",
       .type = VariableType::kList,
       .fields = {{.name = "title"},
                  {.name = "lessons", .type = VariableType::kList, .fields = {{.name = "name"}}}}},
  };
}

Content Html(std::string html) {
  return {.subject = "Hi {{user.first_name}}", .html = std::move(html), .text = ""};
}

auto ErrorAt(Part part, int line, int column, const std::string& message) {
  return AllOf(Field("part", &Diagnostic::part, part),
               Field("location", &Diagnostic::location, Location{line, column}),
               Field("message", &Diagnostic::message, HasSubstr(message)));
}

TEST(CheckTemplate, AcceptsAValidTemplate) {
  Content content = Html(
      "<p>{{user.first_name}} {{#user}}{{first_name}}{{/user}}</p>\n"
      "{{#report.courses}}\n{{title}} {{site_name}}\n{{#lessons}}{{name}} {{title}}{{/lessons}}\n"
      "{{/report.courses}}\n{{^report.courses}}none{{/report.courses}}"
      "{{#tags}}{{.}}{{/tags}}{{#is_trial}}trial of {{course.teacher.name}}{{/is_trial}}"
      "{{#content}}{{.}}{{/content}}<a href=\"{{unsubscribe_url}}\">bye</a>");
  content.text = "{{{content}}} {{&content}}";

  const CheckResult result = CheckTemplate(content, Variables());

  EXPECT_THAT(result.errors, IsEmpty());
  EXPECT_THAT(result.warnings, IsEmpty());
  EXPECT_OK(Template::Compile(content, Variables()));
}

struct HtmlCase {
  std::string html;
  int line;
  int column;
  std::string message;
};

void PrintTo(const HtmlCase& c, std::ostream* os) { *os << c.html; }

class HtmlError : public ::testing::TestWithParam<HtmlCase> {};

TEST_P(HtmlError, IsReportedWithItsLocation) {
  const CheckResult result = CheckTemplate(Html(GetParam().html), Variables());

  EXPECT_THAT(result.errors, ElementsAre(ErrorAt(Part::kHtml, GetParam().line, GetParam().column,
                                                 GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Syntax, HtmlError,
    ::testing::Values(
        HtmlCase{"<p>\n  {{site_name", 2, 3, "never closed"},
        HtmlCase{"a\n{{#tags}}{{.}}", 2, 1, "'tags' is never closed: {{/tags}} is missing"},
        HtmlCase{"{{/tags}}", 1, 1, "{{/tags}} closes no section"},
        HtmlCase{"{{#tags}}\n {{/course}}{{/tags}}", 2, 2, "no section: 'tags' of line 1 is open"},
        HtmlCase{"{{#course}}{{#tags}}{{/course}}", 1, 12,
                 "'tags' is not closed before {{/course}} in line 1"},
        HtmlCase{"{{=x=}}", 1, 1, "delimiter change"}, HtmlCase{"{{$block}}", 1, 1, "inheritance"},
        HtmlCase{"a\n{{> footer }}", 2, 1, "partials ({{>name}}) are not supported"}));

INSTANTIATE_TEST_SUITE_P(
    Names, HtmlError,
    ::testing::Values(
        HtmlCase{"{{nobody}}", 1, 1, "'nobody' is not declared"},
        HtmlCase{" {{first_name}}", 1, 2, "'first_name' is not declared"},
        HtmlCase{"{{user.nick}}", 1, 1, "'user' has no declared field 'nick'"},
        HtmlCase{"{{site_name.x}}", 1, 1, "'site_name' has no declared field 'x'"},
        HtmlCase{"{{#course}}{{name}}{{/course}}", 1, 12, "'name' is not declared"},
        HtmlCase{"{{report.courses.title}}", 1, 1, "'report.courses' is a list: open it"},
        HtmlCase{"{{#report.courses}}\n{{/report.courses}}{{title}}", 2, 20,
                 "'title' is not declared"},
        HtmlCase{"{{^report.courses}}{{title}}{{/report.courses}}", 1, 20,
                 "'title' is not declared"},
        HtmlCase{"{{course}}", 1, 1, "'course' is an object and prints nothing"},
        HtmlCase{"{{report.courses}}", 1, 1, "'report.courses' is a list and prints nothing"},
        HtmlCase{"{{.}}", 1, 1, "{{.}} is valid only inside a section"},
        HtmlCase{"{{#report.courses}}{{.}}{{/report.courses}}", 1, 20, "{{.}} has fields here"},
        HtmlCase{"{{#typo}}{{a}}{{b.c}}{{.}}{{/typo}}", 1, 1, "'typo' is not declared"},
        HtmlCase{"{{{content}}}", 1, 1, "'content' goes into the HTML unescaped"},
        HtmlCase{"{{#tags}}{{&.}}{{/tags}}", 1, 10, "'.' goes into the HTML unescaped"}));

INSTANTIATE_TEST_SUITE_P(Limits, HtmlError,
                         ::testing::Values(HtmlCase{"\xFF", 0, 0, "is not UTF-8"},
                                           HtmlCase{std::string(kMaxSourceBytes + 1, 'x'), 0, 0,
                                                    "more than 262144"},
                                           HtmlCase{std::string(103 * 1024, 'x'), 0, 0,
                                                    "is 103 KB without the variables"}));

TEST(CheckTemplate, AllowsListedVariablesUnescaped) {
  EXPECT_THAT(CheckTemplate(Html("{{{content}}}{{#course}}{{&title}}{{/course}}"), Variables(),
                            {.unescaped_allowed = {"content", "course.title"}})
                  .errors,
              IsEmpty());
}

TEST(CheckTemplate, ReportsEveryErrorOfEveryPart) {
  Content content;
  content.subject = "Привет\r\nBcc: x@example.com {{a}}";
  content.html = "{{b}}\n{{#tags}}";
  content.text = "{{c d}}";

  const CheckResult result = CheckTemplate(content, Variables());

  EXPECT_THAT(
      result.errors,
      ElementsAre(ErrorAt(Part::kSubject, 1, 7, "one line"), ErrorAt(Part::kSubject, 2, 20, "'a'"),
                  ErrorAt(Part::kHtml, 1, 1, "'b'"), ErrorAt(Part::kHtml, 2, 1, "never closed"),
                  ErrorAt(Part::kText, 1, 1, "'c d'")));
  EXPECT_THAT(result.warnings,
              ElementsAre(ErrorAt(Part::kVariables, 0, 0, "'user.first_name' is required but")));
}

TEST(CheckTemplate, RequiresASubjectAndABody) {
  EXPECT_THAT(CheckTemplate({.subject = " ", .html = "", .text = ""}, {}).errors,
              ElementsAre(ErrorAt(Part::kSubject, 0, 0, "is empty"),
                          ErrorAt(Part::kText, 0, 0, "a mail needs one of them")));
}

TEST(CheckTemplate, StopsAtTooDeeplyNestedSections) {
  std::string html;
  for (int i = 0; i < 10'000; ++i) html += "{{#tags}}";
  for (int i = 0; i < 10'000; ++i) html += "{{/tags}}";

  EXPECT_THAT(CheckTemplate(Html(html), Variables()).errors,
              ElementsAre(ErrorAt(Part::kHtml, 1, 64 * 9 + 1, "nest more than 64 deep")));
}

// A careless parser would take quadratic time for each of these.
TEST(CheckTemplate, HandlesLongSourcesThatRepeatOneError) {
  for (const std::string piece : {"{{#a}}", "{{=x}}", "{{{a ", "{{a ", "{{/b}}", "{{!}}  "}) {
    std::string html;
    while (html.size() + piece.size() <= 100 * 1024) html += piece;
    EXPECT_THAT(CheckTemplate(Html(html), Variables()).errors.empty(), piece == "{{!}}  ") << piece;
  }
}

TEST(CheckTemplate, ReportsInvalidDeclarations) {
  const std::vector<Variable> variables = {
      {.name = "a b"},
      {.name = "a"},
      {.name = "a"},
      {.name = "a.b"},
      {.name = "n", .type = VariableType::kNumber, .sample = "many"},
      {.name = "u", .type = VariableType::kUrl, .sample = "javascript:alert(1)"},
      {.name = "s", .fields = {{.name = "x"}}},
      {.name = "a1.a2.a3.a4.a5.a6.a7.a8.a9"},
  };

  std::vector<std::string> messages;
  for (const Diagnostic& error :
       CheckTemplate({.subject = "x", .html = "x", .text = ""}, variables).errors) {
    EXPECT_EQ(error.part, Part::kVariables);
    messages.push_back(error.message);
  }

  EXPECT_THAT(messages,
              ElementsAre(HasSubstr("'a b' is not a variable's name"), "'a' is declared twice",
                          "'a.b' would be a field of a variable that has no fields",
                          "the sample of 'n' is not a finite number",
                          HasSubstr("the sample of 'u' is not a URL such as https://"),
                          "'s' is a string, which has no fields",
                          "'a1.a2.a3.a4.a5.a6.a7.a8.a9' is nested more than 8 deep"));
}

TEST(CheckTemplate, LimitsTheNumberOfErrors) {
  std::string html;
  for (int i = 0; i < 1000; ++i) html += "{{x" + std::to_string(i) + "}}";
  EXPECT_THAT(CheckTemplate(Html(html), Variables()).errors, SizeIs(kMaxErrors));
}

TEST(Compile, ReportsEverySyntaxError) {
  Content content = Html("{{#a}}");
  content.text = "{{b";

  const absl::Status status = Template::Compile(content, {}).status();

  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ViolationsOf(status),
              ElementsAre(FieldViolation{"html",
                                         "line 1, column 1: the section 'a' is never closed: "
                                         "{{/a}} is missing"},
                          FieldViolation{"text",
                                         "line 1, column 1: the tag is never closed: '}}' is "
                                         "missing"}));
}

}  // namespace
}  // namespace lmsmail::render
