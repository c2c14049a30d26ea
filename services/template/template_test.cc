#include "services/template/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "libs/testing/status_matchers.h"
#include "services/template/declarations.h"
#include "services/template/resource_names.h"
#include "services/template/testing/sample_wording.h"
#include "services/template/wording_json.h"

namespace lmsmail::templates {
namespace {

using ::testing::HasSubstr;

TEST(DigestTest, EveryPartOfTheWordingCounts) {
  std::vector<Wording> wordings(12, SampleWording());
  wordings[1].contents[0].language_code = "de";
  wordings[2].contents[0].subject += " ";
  wordings[3].contents[0].html += " ";
  wordings[4].contents[0].text += " ";
  wordings[5].variables[0].name = "user.last_name";
  wordings[6].variables[0].type = render::VariableType::kUrl;
  wordings[7].variables[0].required = false;
  wordings[8].variables[0].description = "";
  wordings[9].variables[0].sample = "";
  wordings[10].unescaped_variables = {"user.first_name"};
  std::swap(wordings[11].contents[0].html, wordings[11].contents[0].text);
  std::set<std::string> digests;
  for (const Wording& wording : wordings) digests.insert(DigestOf(wording));
  EXPECT_EQ(digests.size(), wordings.size());
  EXPECT_EQ(DigestOf(SampleWording()), DigestOf(SampleWording()));
  EXPECT_EQ(DigestOf(SampleWording()).size(), 64u);
}

TEST(PickLanguageTest, PrefersTheNearest) {
  const auto pick = [](std::vector<std::string> codes, std::string_view wanted) {
    std::vector<LocalizedContent> contents;
    for (std::string& code : codes) contents.push_back({std::move(code), "", "", ""});
    return PickLanguage(contents, wanted).language_code;
  };
  EXPECT_EQ(pick({"en", "de", "de-AT"}, "de-at"), "de-AT");
  EXPECT_EQ(pick({"en", "de-DE", "de"}, "de-AT"), "de");
  EXPECT_EQ(pick({"en", "de-DE"}, "de-AT"), "de-DE");
  EXPECT_EQ(pick({"en", "de-DE"}, "de"), "de-DE");
  EXPECT_EQ(pick({"en", "de"}, "sv"), "en");
}

TEST(DeclarationsTest, GoesThereAndBack) {
  const std::vector<Variable> variables = SampleWording().variables;
  EXPECT_EQ(FromRender(ToRender(variables)), variables);
}

TEST(WordingJsonTest, GoesThereAndBack) {
  Wording wording = SampleWording("\"quoted\" <b> \u2028 \\ Zoë {{user.first_name}}\r\n\t");
  wording.variables.push_back(
      {.name = "yes", .type = render::VariableType::kBoolean, .sample = "true"});
  wording.variables.push_back(
      {.name = "half", .type = render::VariableType::kNumber, .sample = "0.1"});
  wording.variables.push_back({.name = "o", .type = render::VariableType::kObject});
  wording.variables.push_back(
      {.name = "u", .type = render::VariableType::kUrl, .sample = "https://example.com/"});
  wording.unescaped_variables = {"user.first_name"};
  ASSERT_OK_AND_ASSIGN(const std::string json, WordingToJson(wording));
  EXPECT_THAT(WordingFromJson(json), IsOkAndHolds(wording));
}

TEST(WordingJsonTest, RefusesOtherJson) {
  EXPECT_THAT(WordingFromJson("[]"), StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(WordingFromJson(R"({"variables": [{"name": "a"}]})"),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("variables[0].type")));
}

TEST(ResourceNamesTest, ReadsVersions) {
  using Kind = VersionSelector::Kind;
  const auto selector = [](std::string_view version) -> std::optional<VersionSelector> {
    const auto parsed = ParseVersionName("templates/a/versions/" + std::string(version));
    if (!parsed) return std::nullopt;
    return parsed->version;
  };
  EXPECT_EQ(selector("12"), (VersionSelector{Kind::kNumber, 12}));
  EXPECT_EQ(selector("published"), VersionSelector{Kind::kPublished});
  EXPECT_EQ(selector("latest"), VersionSelector{Kind::kLatest});
  for (const char* version : {"", "0", "01", "-1", "+1", "1.0", "99999999999", "newest"}) {
    EXPECT_EQ(selector(version), std::nullopt) << version;
  }
  EXPECT_EQ(ParseVersionName("templates/a"), std::nullopt);
}

}  // namespace
}  // namespace lmsmail::templates
