#include "services/template/wording_check.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "services/template/testing/sample_wording.h"

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

std::vector<FieldViolation> Faults(const Wording& wording) {
  return CheckWording(wording).violations.list();
}

auto Fault(const std::string& field, const std::string& description) {
  return AllOf(Field(&FieldViolation::field, field),
               Field(&FieldViolation::description, HasSubstr(description)));
}

TEST(WordingCheckTest, AcceptsASoundWording) {
  EXPECT_THAT(Faults(SampleWording()), IsEmpty());
  EXPECT_THAT(CheckWording(SampleWording()).warnings, IsEmpty());
}

TEST(WordingCheckTest, FindsTheFaultsOfAllLanguagesAndPartsAtOnce) {
  Wording wording = SampleWording();
  wording.contents.push_back(wording.contents[0]);
  wording.contents[0].html = "<p>\n\n  {{user.name}}</p>";
  wording.contents[0].text = "{{#items}}";
  wording.contents[1].language_code = "de";
  wording.contents[1].subject = "{{{oops";
  EXPECT_THAT(
      Faults(wording),
      AllOf(Contains(Fault("contents[0].html", "line 3, column 3: 'user' has no declared field")),
            Contains(Fault("contents[0].text", "line 1, column 1: ")),
            Contains(Fault("contents[1].subject", "line 1, column 1: "))));
}

TEST(WordingCheckTest, FaultsOfDeclarationsAreToldOnce) {
  Wording wording = SampleWording();
  wording.contents.push_back(wording.contents[0]);
  wording.contents[1].language_code = "de";
  wording.variables.push_back({.name = "not a name"});
  EXPECT_THAT(Faults(wording), ElementsAre(Fault("variables", "is not a variable's name")));
}

TEST(WordingCheckTest, EveryPartIsRequired) {
  Wording wording = SampleWording();
  wording.contents[0] = {.language_code = "en", .subject = "", .html = "", .text = ""};
  EXPECT_THAT(Faults(wording), AllOf(Contains(Fault("contents[0].subject", "is empty")),
                                     Contains(Fault("contents[0].html", "is required")),
                                     Contains(Fault("contents[0].text", "is empty"))));
  wording = SampleWording();
  wording.contents[0].text = "";
  EXPECT_THAT(Faults(wording), ElementsAre(Fault("contents[0].text", "is required")));
  wording.contents.clear();
  EXPECT_THAT(Faults(wording), ElementsAre(Fault("contents", "at least one language")));
}

TEST(WordingCheckTest, LanguageCodesHaveTheShapeOfBcp47) {
  Wording wording = SampleWording();
  wording.contents[0].language_code = "en_US";
  EXPECT_THAT(Faults(wording), ElementsAre(Fault("contents[0].language_code", "BCP 47")));
}

TEST(WordingCheckTest, ALanguageIsGivenOnce) {
  Wording wording = SampleWording();
  wording.contents.push_back(wording.contents[0]);
  wording.contents[1].language_code = "EN";
  EXPECT_THAT(Faults(wording), ElementsAre(Fault("contents[1].language_code", "given twice")));
}

TEST(WordingCheckTest, HasLimits) {
  Wording wording = SampleWording();
  wording.contents[0].subject = std::string(kMaxSubjectBytes + 1, 'x');
  EXPECT_THAT(Faults(wording), ElementsAre(Fault("contents[0].subject", "999 bytes")));

  wording = SampleWording();
  wording.contents.resize(kMaxLanguages + 1, wording.contents[0]);
  EXPECT_THAT(Faults(wording), Contains(Fault("contents", "21 languages, 20 are allowed")));

  wording = SampleWording();
  for (std::size_t i = 0; i <= kMaxVariables; ++i) {
    wording.variables.push_back({.name = fmt::format("v{}", i)});
  }
  EXPECT_THAT(Faults(wording), ElementsAre(Fault("variables", "200 are allowed")));

  wording = SampleWording();
  wording.contents[0].html = std::string(103 * 1024, 'x');
  EXPECT_THAT(Faults(wording), ElementsAre(Fault("contents[0].html", "Gmail")));
}

TEST(WordingCheckTest, RefusesControlCharacters) {
  Wording wording = SampleWording();
  wording.contents[0].text = "one\ntwo\x01";
  wording.variables[0].sample = std::string("a\0b", 3);
  EXPECT_THAT(Faults(wording),
              ElementsAre(Fault("variables[0].sample", "0x00"),
                          Fault("contents[0].text", "line 2 has the control character 0x01")));
}

TEST(WordingCheckTest, RequiredVariablesNeedASample) {
  Wording wording = SampleWording();
  wording.variables[2].sample = "";
  EXPECT_THAT(Faults(wording), ElementsAre(Fault("variables[2].sample", "'items.title'")));
}

TEST(WordingCheckTest, UnescapedNamesAreDeclaredStrings) {
  Wording wording = SampleWording();
  wording.contents[0].html = "{{{user.first_name}}}";
  EXPECT_THAT(Faults(wording), ElementsAre(Fault("contents[0].html", "unescaped")));
  wording.unescaped_variables = {"user.first_name"};
  EXPECT_THAT(Faults(wording), IsEmpty());
  wording.unescaped_variables = {"user.first_name", "user.first_name", "nobody", "items"};
  EXPECT_THAT(Faults(wording), ElementsAre(Fault("unescaped_variables[1]", "twice"),
                                           Fault("unescaped_variables[2]", "not declared"),
                                           Fault("unescaped_variables[3]", "is a list")));
}

TEST(WordingCheckTest, WarningsNameTheLanguage) {
  Wording wording = SampleWording();
  wording.contents[0].subject = "Hello";
  EXPECT_THAT(CheckWording(wording).warnings,
              AllOf(::testing::SizeIs(1), Each(StartsWith("en: "))));
}

TEST(WordingCheckTest, NamesAreShortLines) {
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
