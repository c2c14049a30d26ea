#include "services/template/shipped_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "libs/render/renderer.h"
#include "libs/render/sample_context.h"
#include "libs/testing/status_matchers.h"
#include "services/template/catalog.h"
#include "services/template/declarations.h"
#include "services/template/in_memory_template_store.h"
#include "services/template/preview.h"
#include "services/template/wording_check.h"

namespace lmsmail::templates {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<ShippedTemplate> All() {
  auto shipped = ShippedTemplates();
  EXPECT_OK(shipped);
  return shipped.value_or(std::vector<ShippedTemplate>{});
}

TEST(ShippedTemplateTest, AreTheFiveScenarios) {
  std::vector<std::string> ids;
  for (const ShippedTemplate& shipped : All()) {
    EXPECT_TRUE(IsTemplateId(shipped.id));
    ids.push_back(shipped.id);
  }
  EXPECT_THAT(ids, ElementsAre("demo_completed", "enrollment", "new_content",
                               "payment_confirmation", "weekly_progress"));
}

TEST(ShippedTemplateTest, HaveNeitherFaultsNorWarnings) {
  for (const ShippedTemplate& shipped : All()) {
    const WordingFaults faults = CheckWording(shipped.wording);
    EXPECT_OK(faults.violations.ToStatus()) << shipped.id;
    EXPECT_THAT(faults.warnings, IsEmpty()) << shipped.id;
    Violations violations;
    CheckDisplayName(shipped.display_name, "display_name", violations);
    CheckDescription(shipped.description, "description", violations);
    EXPECT_OK(violations.ToStatus()) << shipped.id;
    EXPECT_THAT(shipped.display_name, Not(IsEmpty()));
  }
}

TEST(ShippedTemplateTest, RenderWithTheirSamples) {
  InMemoryTemplateStore store;
  const SystemClock clock;
  Catalog catalog(store, clock);
  Preview preview(catalog, 1);
  for (const ShippedTemplate& shipped : All()) {
    ASSERT_OK_AND_ASSIGN(const PreviewedMail mail, preview.OfUnsaved(shipped.wording, {}, {}));
    EXPECT_THAT(mail.warnings, IsEmpty()) << shipped.id;
    EXPECT_THAT(mail.subject, Not(HasSubstr("{{"))) << shipped.id;
    EXPECT_THAT(mail.subject, Not(HasSubstr("\n"))) << shipped.id;
    for (const std::string& body : {mail.html, mail.text}) {
      EXPECT_THAT(body, HasSubstr("Lindgård Academy")) << shipped.id;
      EXPECT_THAT(body, Not(HasSubstr("{{"))) << shipped.id;
    }
  }
}

TEST(ShippedTemplateTest, AddressesWithoutPreferencesReadNothingOfThem) {
  render::Renderer renderer;
  for (const ShippedTemplate& shipped : All()) {
    const LocalizedContent& content = shipped.wording.contents.front();
    ASSERT_OK_AND_ASSIGN(
        const auto compiled,
        render::Template::Compile(
            {.subject = content.subject, .html = content.html, .text = content.text},
            ToRender(shipped.wording.variables)));
    google::protobuf::Struct context = render::SampleContext(compiled->schema());
    ASSERT_EQ(context.mutable_fields()->erase("preferences_url"), 1u) << shipped.id;
    render::Rendered mail;
    ASSERT_OK(renderer.Render(compiled, context, {}, mail)) << shipped.id;
    for (const std::string& body : {mail.html, mail.text}) {
      EXPECT_THAT(body, Not(HasSubstr("preferences"))) << shipped.id;
      EXPECT_THAT(body, Not(HasSubstr("You decide"))) << shipped.id;
    }
    EXPECT_THAT(mail.text, Not(HasSubstr("\n\n\n"))) << shipped.id;
  }
}

// The part of `html` from `begin` through `end`; empty when it has none.
std::string Between(const std::string& html, const std::string& begin, const std::string& end) {
  const std::size_t from = html.find(begin);
  const std::size_t to = html.find(end, from);
  if (from == std::string::npos || to == std::string::npos) return "";
  return html.substr(from, to + end.size() - from);
}

TEST(ShippedTemplateTest, ShareHeadAndFooter) {
  std::set<std::string> heads;
  std::set<std::string> styles;
  std::set<std::string> footers;
  for (const ShippedTemplate& shipped : All()) {
    const std::string& html = shipped.wording.contents.front().html;
    heads.insert(Between(html, "<!DOCTYPE", "<title>"));
    styles.insert(Between(html, "</title>", "</head>"));
    footers.insert(Between(html, "<p style=\"margin:0\"><strong>{{site_name}}", "</html>"));
  }
  for (const auto& shared : {heads, styles, footers}) {
    EXPECT_EQ(shared.size(), 1u) << ::testing::PrintToString(shared);
    EXPECT_FALSE(shared.contains(""));
  }
}

TEST(ShippedTemplateTest, NamesTheFaultyFile) {
  constexpr char kYaml[] = "key: a\ncategory: demo\ndisplay_name: A\ndescription: B\n";
  EXPECT_THAT(ReadShippedTemplates({{"a/template.yaml", "key: b"}}),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("a/template.yaml")));
  EXPECT_THAT(ReadShippedTemplates({{"a/template.yaml", ": ["}}),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("a/template.yaml")));
  EXPECT_THAT(ReadShippedTemplates({{"a/template.yaml", kYaml}, {"a/en/subject.txt", "S\n"}}),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("a/en/body.html is missing")));
}

TEST(ShippedTemplateTest, PutsEnglishFirstAndDropsTheSubjectsNewline) {
  constexpr char kYaml[] = "key: a\ncategory: demo\ndisplay_name: A\ndescription: B\n";
  ASSERT_OK_AND_ASSIGN(const auto read, ReadShippedTemplates({{"a/template.yaml", kYaml},
                                                              {"a/de/subject.txt", "Hallo\n"},
                                                              {"a/de/body.html", "h"},
                                                              {"a/de/body.txt", "t"},
                                                              {"a/en/subject.txt", "Hello\n"},
                                                              {"a/en/body.html", "h"},
                                                              {"a/en/body.txt", "t\n"}}));
  ASSERT_EQ(read.size(), 1u);
  EXPECT_THAT(read[0].wording.contents, ElementsAre(LocalizedContent{"en", "Hello", "h", "t\n"},
                                                    LocalizedContent{"de", "Hallo", "h", "t"}));
}

}  // namespace
}  // namespace lmsmail::templates
