#include "services/template/domain/content_validation.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "services/template/testing/sample_content.h"

namespace lmsmail::templates {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::vector<FieldViolation> ViolationsOf(const TemplateContent& content) {
  return ValidateContent(content).violations.list();
}

auto Violation(const std::string& field, const std::string& description) {
  return AllOf(Field(&FieldViolation::field, field),
               Field(&FieldViolation::description, HasSubstr(description)));
}

TEST(ContentValidationTest, AcceptsValidContent) {
  EXPECT_THAT(ViolationsOf(SampleContent()), IsEmpty());
  EXPECT_THAT(ValidateContent(SampleContent()).warnings, IsEmpty());
}

TEST(ContentValidationTest, ReportsViolationsOfAllLanguagesAndParts) {
  TemplateContent content = SampleContent();
  content.languages.push_back(content.languages[0]);
  content.languages[0].html = "<p>\n\n  {{user.name}}</p>";
  content.languages[0].text = "{{#items}}";
  content.languages[1].language_code = "de";
  content.languages[1].subject = "{{{oops";
  EXPECT_THAT(ViolationsOf(content),
              AllOf(Contains(Violation("contents[0].html",
                                       "line 3, column 3: 'user' has no declared field")),
                    Contains(Violation("contents[0].text", "line 1, column 1: ")),
                    Contains(Violation("contents[1].subject", "line 1, column 1: "))));
}

TEST(ContentValidationTest, ReportsInvalidDeclarationsOnce) {
  TemplateContent content = SampleContent();
  content.languages.push_back(content.languages[0]);
  content.languages[1].language_code = "de";
  content.variables.push_back({.name = "not a name"});
  EXPECT_THAT(ViolationsOf(content),
              ElementsAre(Violation("variables", "is not a variable's name")));
}

TEST(ContentValidationTest, RequiresEveryPart) {
  TemplateContent content = SampleContent();
  content.languages[0] = {.language_code = "en", .subject = "", .html = "", .text = ""};
  EXPECT_THAT(ViolationsOf(content), AllOf(Contains(Violation("contents[0].subject", "is empty")),
                                           Contains(Violation("contents[0].html", "is required")),
                                           Contains(Violation("contents[0].text", "is empty"))));
  content = SampleContent();
  content.languages[0].text = "";
  EXPECT_THAT(ViolationsOf(content), ElementsAre(Violation("contents[0].text", "is required")));
  content.languages.clear();
  EXPECT_THAT(ViolationsOf(content), ElementsAre(Violation("contents", "at least one language")));
}

TEST(ContentValidationTest, RejectsLanguageCodesThatAreNotBcp47) {
  TemplateContent content = SampleContent();
  content.languages[0].language_code = "en_US";
  EXPECT_THAT(ViolationsOf(content), ElementsAre(Violation("contents[0].language_code", "BCP 47")));
}

TEST(ContentValidationTest, RejectsDuplicateLanguages) {
  TemplateContent content = SampleContent();
  content.languages.push_back(content.languages[0]);
  content.languages[1].language_code = "EN";
  EXPECT_THAT(ViolationsOf(content),
              ElementsAre(Violation("contents[1].language_code", "given twice")));
}

TEST(ContentValidationTest, RejectsContentAboveTheLimits) {
  TemplateContent content = SampleContent();
  content.languages[0].subject = std::string(kMaxSubjectBytes + 1, 'x');
  EXPECT_THAT(ViolationsOf(content), ElementsAre(Violation("contents[0].subject", "999 bytes")));

  content = SampleContent();
  content.languages.resize(kMaxLanguages + 1, content.languages[0]);
  EXPECT_THAT(ViolationsOf(content),
              Contains(Violation("contents", "21 languages, 20 are allowed")));

  content = SampleContent();
  for (std::size_t i = 0; i <= kMaxVariables; ++i) {
    content.variables.push_back({.name = fmt::format("v{}", i)});
  }
  EXPECT_THAT(ViolationsOf(content), ElementsAre(Violation("variables", "200 are allowed")));

  content = SampleContent();
  content.languages[0].html = std::string(103 * 1024, 'x');
  EXPECT_THAT(ViolationsOf(content), ElementsAre(Violation("contents[0].html", "Gmail")));
}

TEST(ContentValidationTest, RejectsControlCharacters) {
  TemplateContent content = SampleContent();
  content.languages[0].text = "one\ntwo\x01";
  content.variables[0].sample = std::string("a\0b", 3);
  EXPECT_THAT(ViolationsOf(content),
              ElementsAre(Violation("variables[0].sample", "0x00"),
                          Violation("contents[0].text", "line 2 has the control character 0x01")));
}

TEST(ContentValidationTest, RequiresSamplesOfRequiredVariables) {
  TemplateContent content = SampleContent();
  content.variables[2].sample = "";
  EXPECT_THAT(ViolationsOf(content),
              ElementsAre(Violation("variables[2].sample", "'items.title'")));
}

TEST(ContentValidationTest, RequiresUnescapedVariablesToBeDeclaredStrings) {
  TemplateContent content = SampleContent();
  content.languages[0].html = "{{{user.first_name}}}";
  EXPECT_THAT(ViolationsOf(content), ElementsAre(Violation("contents[0].html", "unescaped")));
  content.unescaped_variables = {"user.first_name"};
  EXPECT_THAT(ViolationsOf(content), IsEmpty());
  content.unescaped_variables = {"user.first_name", "user.first_name", "nobody", "items"};
  EXPECT_THAT(ViolationsOf(content),
              ElementsAre(Violation("unescaped_variables[1]", "twice"),
                          Violation("unescaped_variables[2]", "not declared"),
                          Violation("unescaped_variables[3]", "is a list")));
}

TEST(ContentValidationTest, PrefixesWarningsWithTheLanguage) {
  TemplateContent content = SampleContent();
  content.languages[0].subject = "Hello";
  EXPECT_THAT(ValidateContent(content).warnings,
              AllOf(::testing::SizeIs(1), Each(StartsWith("en: "))));
}

TEST(ContentValidationTest, LimitsDisplayNamesAndDescriptions) {
  Violations violations;
  ValidateDisplayName(std::string(kMaxDisplayName, 'x'), "display_name", violations);
  ValidateDescription("two\nlines", "description", violations);
  EXPECT_TRUE(violations.empty());
  ValidateDisplayName(std::string(kMaxDisplayName + 1, 'x'), "a", violations);
  ValidateDisplayName("two\nlines", "b", violations);
  ValidateDescription(std::string(kMaxDescription + 1, 'x'), "c", violations);
  EXPECT_THAT(violations.list(), ElementsAre(Violation("a", "121"), Violation("b", "one line"),
                                             Violation("c", "1001")));
}

}  // namespace
}  // namespace lmsmail::templates
