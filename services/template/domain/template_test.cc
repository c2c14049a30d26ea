#include "services/template/domain/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "libs/testing/status_matchers.h"
#include "services/template/domain/declarations.h"
#include "services/template/api/resource_names.h"
#include "services/template/testing/sample_content.h"
#include "services/template/storage/content_json.h"

namespace lmsmail::templates {
namespace {

using ::testing::HasSubstr;

TEST(DigestTest, EveryPartOfTheWordingCounts) {
  std::vector<TemplateContent> contents(12, SampleContent());
  contents[1].languages[0].language_code = "de";
  contents[2].languages[0].subject += " ";
  contents[3].languages[0].html += " ";
  contents[4].languages[0].text += " ";
  contents[5].variables[0].name = "user.last_name";
  contents[6].variables[0].type = render::VariableType::kUrl;
  contents[7].variables[0].required = false;
  contents[8].variables[0].description = "";
  contents[9].variables[0].sample = "";
  contents[10].unescaped_variables = {"user.first_name"};
  std::swap(contents[11].languages[0].html, contents[11].languages[0].text);
  std::set<std::string> digests;
  for (const TemplateContent& content : contents) digests.insert(DigestOf(content));
  EXPECT_EQ(digests.size(), contents.size());
  EXPECT_EQ(DigestOf(SampleContent()), DigestOf(SampleContent()));
  EXPECT_EQ(DigestOf(SampleContent()).size(), 64u);
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
  const std::vector<Variable> variables = SampleContent().variables;
  EXPECT_EQ(FromRender(ToRender(variables)), variables);
}

TEST(ContentJsonTest, GoesThereAndBack) {
  TemplateContent content = SampleContent("\"quoted\" <b> \u2028 \\ Zoë {{user.first_name}}\r\n\t");
  content.variables.push_back(
      {.name = "yes", .type = render::VariableType::kBoolean, .sample = "true"});
  content.variables.push_back(
      {.name = "half", .type = render::VariableType::kNumber, .sample = "0.1"});
  content.variables.push_back({.name = "o", .type = render::VariableType::kObject});
  content.variables.push_back(
      {.name = "u", .type = render::VariableType::kUrl, .sample = "https://example.com/"});
  content.unescaped_variables = {"user.first_name"};
  ASSERT_OK_AND_ASSIGN(const std::string json, ContentToJson(content));
  EXPECT_THAT(ContentFromJson(json), IsOkAndHolds(content));
}

TEST(ContentJsonTest, RefusesOtherJson) {
  EXPECT_THAT(ContentFromJson("[]"), StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(ContentFromJson(R"({"variables": [{"name": "a"}]})"),
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
