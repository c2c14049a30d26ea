#include "services/template/domain/built_in_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "libs/render/renderer.h"
#include "libs/render/sample_context.h"
#include "libs/resource_name/id.h"
#include "libs/testing/status_matchers.h"
#include "services/template/domain/catalog.h"
#include "services/template/domain/compiled_cache.h"
#include "services/template/domain/content_validation.h"
#include "services/template/domain/preview.h"
#include "services/template/storage/in_memory_template_store.h"

namespace lmsmail::templates {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<NewTemplate> All() {
  auto built_in = BuiltInTemplates();
  EXPECT_OK(built_in);
  return built_in.value_or(std::vector<NewTemplate>{});
}

TEST(BuiltInTemplateTest, AreTheFiveKnownTemplates) {
  std::vector<std::string> ids;
  for (const NewTemplate& built_in : All()) {
    EXPECT_TRUE(resource_name::IsTemplateId(built_in.id));
    ids.push_back(built_in.id);
  }
  EXPECT_THAT(ids, ElementsAre("demo_completed", "enrollment", "new_content",
                               "payment_confirmation", "weekly_progress"));
}

TEST(BuiltInTemplateTest, AreValidWithoutWarnings) {
  for (const NewTemplate& built_in : All()) {
    const ContentFindings findings = ValidateContent(built_in.content);
    EXPECT_OK(findings.violations.ToStatus()) << built_in.id;
    EXPECT_THAT(findings.warnings, IsEmpty()) << built_in.id;
    Violations violations;
    ValidateDisplayName(built_in.display_name, "display_name", violations);
    ValidateDescription(built_in.description, "description", violations);
    EXPECT_OK(violations.ToStatus()) << built_in.id;
    EXPECT_THAT(built_in.display_name, Not(IsEmpty()));
  }
}

TEST(BuiltInTemplateTest, RenderWithSampleValues) {
  InMemoryTemplateStore store;
  const SystemClock clock;
  Catalog catalog(store, clock);
  Preview preview(catalog, 1);
  for (const NewTemplate& built_in : All()) {
    ASSERT_OK_AND_ASSIGN(const PreviewedMail mail, preview.RenderUnsaved(built_in.content, {}, {}));
    EXPECT_THAT(mail.warnings, IsEmpty()) << built_in.id;
    EXPECT_THAT(mail.subject, Not(HasSubstr("{{"))) << built_in.id;
    EXPECT_THAT(mail.subject, Not(HasSubstr("\n"))) << built_in.id;
    for (const std::string& body : {mail.html, mail.text}) {
      EXPECT_THAT(body, HasSubstr("Lindgård Academy")) << built_in.id;
      EXPECT_THAT(body, Not(HasSubstr("{{"))) << built_in.id;
    }
  }
}

TEST(BuiltInTemplateTest, MentionPreferencesOnlyWithALink) {
  render::Renderer renderer;
  for (const NewTemplate& built_in : All()) {
    const LocalizedContent& localized = built_in.content.languages.front();
    ASSERT_OK_AND_ASSIGN(const auto compiled, Compile(built_in.content, localized));
    google::protobuf::Struct context = render::SampleContext(compiled->schema());
    ASSERT_EQ(context.mutable_fields()->erase("preferences_url"), 1u) << built_in.id;
    render::Rendered mail;
    ASSERT_OK(renderer.Render(compiled, context, {}, mail)) << built_in.id;
    for (const std::string& body : {mail.html, mail.text}) {
      EXPECT_THAT(body, Not(HasSubstr("preferences"))) << built_in.id;
      EXPECT_THAT(body, Not(HasSubstr("You decide"))) << built_in.id;
    }
    EXPECT_THAT(mail.text, Not(HasSubstr("\n\n\n"))) << built_in.id;
  }
}

// Returns the part of `html` from `begin` through `end`, or "" when there is none.
std::string Between(const std::string& html, const std::string& begin, const std::string& end) {
  const std::size_t from = html.find(begin);
  const std::size_t to = html.find(end, from);
  if (from == std::string::npos || to == std::string::npos) return "";
  return html.substr(from, to + end.size() - from);
}

TEST(BuiltInTemplateTest, ShareTheirHeadAndFooter) {
  std::set<std::string> heads;
  std::set<std::string> styles;
  std::set<std::string> footers;
  for (const NewTemplate& built_in : All()) {
    const std::string& html = built_in.content.languages.front().html;
    heads.insert(Between(html, "<!DOCTYPE", "<title>"));
    styles.insert(Between(html, "</title>", "</head>"));
    footers.insert(Between(html, "<p style=\"margin:0\"><strong>{{site_name}}", "</html>"));
  }
  for (const auto& shared : {heads, styles, footers}) {
    EXPECT_EQ(shared.size(), 1u) << ::testing::PrintToString(shared);
    EXPECT_FALSE(shared.contains(""));
  }
}

TEST(BuiltInTemplateTest, NamesTheInvalidFile) {
  constexpr char kYaml[] = "key: a\ncategory: demo\ndisplay_name: A\ndescription: B\n";
  EXPECT_THAT(ReadBuiltInTemplates({{"a/template.yaml", "key: b"}}),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("a/template.yaml")));
  EXPECT_THAT(ReadBuiltInTemplates({{"a/template.yaml", ": ["}}),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("a/template.yaml")));
  EXPECT_THAT(ReadBuiltInTemplates({{"a/template.yaml", kYaml}, {"a/en/subject.txt", "S\n"}}),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("a/en/body.html is missing")));
}

TEST(BuiltInTemplateTest, SortsEnglishFirstAndStripsTheSubjectNewline) {
  constexpr char kYaml[] = "key: a\ncategory: demo\ndisplay_name: A\ndescription: B\n";
  ASSERT_OK_AND_ASSIGN(const auto read, ReadBuiltInTemplates({{"a/template.yaml", kYaml},
                                                              {"a/de/subject.txt", "Hallo\n"},
                                                              {"a/de/body.html", "h"},
                                                              {"a/de/body.txt", "t"},
                                                              {"a/en/subject.txt", "Hello\n"},
                                                              {"a/en/body.html", "h"},
                                                              {"a/en/body.txt", "t\n"}}));
  ASSERT_EQ(read.size(), 1u);
  EXPECT_THAT(read[0].content.languages, ElementsAre(LocalizedContent{"en", "Hello", "h", "t\n"},
                                                     LocalizedContent{"de", "Hallo", "h", "t"}));
}

}  // namespace
}  // namespace lmsmail::templates
