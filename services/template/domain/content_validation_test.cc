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

std::vector<FieldViolation> Faults(const TemplateContent& content) {
  return ValidateContent(content).violations.list();
}

auto Fault(const std::string& field, const std::string& description) {
  return AllOf(Field(&FieldViolation::field, field),
               Field(&FieldViolation::description, HasSubstr(description)));
}

TEST(ContentValidationTest, AcceptsASoundWording) {
  EXPECT_THAT(Faults(SampleContent()), IsEmpty());
  EXPECT_THAT(ValidateContent(SampleContent()).warnings, IsEmpty());
}

TEST(ContentValidationTest, FindsTheFaultsOfAllLanguagesAndPartsAtOnce) {
  TemplateContent content = SampleContent();
  content.languages.push_back(content.languages[0]);
  content.languages[0].html = "<p>\n\n  {{user.name}}</p>";
  content.languages[0].text = "{{#items}}";
  content.languages[1].language_code = "de";
  content.languages[1].subject = "{{{oops";
  EXPECT_THAT(
      Faults(content),
      AllOf(Contains(Fault("contents[0].html", "line 3, column 3: 'user' has no declared field")),
            Contains(Fault("contents[0].text", "line 1, column 1: ")),
            Contains(Fault("contents[1].subject", "line 1, column 1: "))));
}

TEST(ContentValidationTest, FaultsOfDeclarationsAreToldOnce) {
  TemplateContent content = SampleContent();
  content.languages.push_back(content.languages[0]);
  content.languages[1].language_code = "de";
  content.variables.push_back({.name = "not a name"});
  EXPECT_THAT(Faults(content), ElementsAre(Fault("variables", "is not a variable's name")));
}

TEST(ContentValidationTest, EveryPartIsRequired) {
  TemplateContent content = SampleContent();
  content.languages[0] = {.language_code = "en", .subject = "", .html = "", .text = ""};
  EXPECT_THAT(Faults(content), AllOf(Contains(Fault("contents[0].subject", "is empty")),
                                     Contains(Fault("contents[0].html", "is required")),
                                     Contains(Fault("contents[0].text", "is empty"))));
  content = SampleContent();
  content.languages[0].text = "";
  EXPECT_THAT(Faults(content), ElementsAre(Fault("contents[0].text", "is required")));
  content.languages.clear();
  EXPECT_THAT(Faults(content), ElementsAre(Fault("contents", "at least one language")));
}

TEST(ContentValidationTest, LanguageCodesHaveTheShapeOfBcp47) {
  TemplateContent content = SampleContent();
  content.languages[0].language_code = "en_US";
  EXPECT_THAT(Faults(content), ElementsAre(Fault("contents[0].language_code", "BCP 47")));
}

TEST(ContentValidationTest, ALanguageIsGivenOnce) {
  TemplateContent content = SampleContent();
  content.languages.push_back(content.languages[0]);
  content.languages[1].language_code = "EN";
  EXPECT_THAT(Faults(content), ElementsAre(Fault("contents[1].language_code", "given twice")));
}

TEST(ContentValidationTest, HasLimits) {
  TemplateContent content = SampleContent();
  content.languages[0].subject = std::string(kMaxSubjectBytes + 1, 'x');
  EXPECT_THAT(Faults(content), ElementsAre(Fault("contents[0].subject", "999 bytes")));

  content = SampleContent();
  content.languages.resize(kMaxLanguages + 1, content.languages[0]);
  EXPECT_THAT(Faults(content), Contains(Fault("contents", "21 languages, 20 are allowed")));

  content = SampleContent();
  for (std::size_t i = 0; i <= kMaxVariables; ++i) {
    content.variables.push_back({.name = fmt::format("v{}", i)});
  }
  EXPECT_THAT(Faults(content), ElementsAre(Fault("variables", "200 are allowed")));

  content = SampleContent();
  content.languages[0].html = std::string(103 * 1024, 'x');
  EXPECT_THAT(Faults(content), ElementsAre(Fault("contents[0].html", "Gmail")));
}

TEST(ContentValidationTest, RefusesControlCharacters) {
  TemplateContent content = SampleContent();
  content.languages[0].text = "one\ntwo\x01";
  content.variables[0].sample = std::string("a\0b", 3);
  EXPECT_THAT(Faults(content),
              ElementsAre(Fault("variables[0].sample", "0x00"),
                          Fault("contents[0].text", "line 2 has the control character 0x01")));
}

TEST(ContentValidationTest, RequiredVariablesNeedASample) {
  TemplateContent content = SampleContent();
  content.variables[2].sample = "";
  EXPECT_THAT(Faults(content), ElementsAre(Fault("variables[2].sample", "'items.title'")));
}

TEST(ContentValidationTest, UnescapedNamesAreDeclaredStrings) {
  TemplateContent content = SampleContent();
  content.languages[0].html = "{{{user.first_name}}}";
  EXPECT_THAT(Faults(content), ElementsAre(Fault("contents[0].html", "unescaped")));
  content.unescaped_variables = {"user.first_name"};
  EXPECT_THAT(Faults(content), IsEmpty());
  content.unescaped_variables = {"user.first_name", "user.first_name", "nobody", "items"};
  EXPECT_THAT(Faults(content), ElementsAre(Fault("unescaped_variables[1]", "twice"),
                                           Fault("unescaped_variables[2]", "not declared"),
                                           Fault("unescaped_variables[3]", "is a list")));
}

TEST(ContentValidationTest, WarningsNameTheLanguage) {
  TemplateContent content = SampleContent();
  content.languages[0].subject = "Hello";
  EXPECT_THAT(ValidateContent(content).warnings,
              AllOf(::testing::SizeIs(1), Each(StartsWith("en: "))));
}

TEST(ContentValidationTest, NamesAreShortLines) {
  Violations violations;
  CheckDisplayName(std::string(kMaxDisplayName, 'x'), "display_name", violations);
  CheckDescription("two\nlines", "description", violations);
  EXPECT_TRUE(violations.empty());
  CheckDisplayName(std::string(kMaxDisplayName + 1, 'x'), "a", violations);
  CheckDisplayName("two\nlines", "b", violations);
  CheckDescription(std::string(kMaxDescription + 1, 'x'), "c", violations);
  EXPECT_THAT(violations.list(),
              ElementsAre(Fault("a", "121"), Fault("b", "one line"), Fault("c", "1001")));
}

}  // namespace
}  // namespace lmsmail::templates
