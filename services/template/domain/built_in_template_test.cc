#include "services/template/domain/built_in_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "libs/render/renderer.h"
#include "libs/render/sample_context.h"
#include "libs/resource_name/id.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/struct_from_json.h"
#include "services/template/domain/catalog.h"
#include "services/template/domain/compiled_cache.h"
#include "services/template/domain/content_validation.h"
#include "services/template/domain/preview.h"
#include "services/template/storage/in_memory_template_store.h"

namespace lmsmail::templates {
namespace {

using ::testing::AnyOf;
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

TEST(BuiltInTemplateTest, AreInFiveLanguages) {
  for (const NewTemplate& built_in : All()) {
    std::vector<std::string> codes;
    for (const LocalizedContent& localized : built_in.content.languages) {
      codes.push_back(localized.language_code);
    }
    EXPECT_THAT(codes, ElementsAre("en", "de", "es", "fr", "ar")) << built_in.id;
  }
}

TEST(BuiltInTemplateTest, RenderWithSampleValues) {
  InMemoryTemplateStore store;
  const SystemClock clock;
  Catalog catalog(store, clock);
  Preview preview(catalog, 1);
  for (const NewTemplate& built_in : All()) {
    for (const LocalizedContent& localized : built_in.content.languages) {
      SCOPED_TRACE(built_in.id + " in " + localized.language_code);
      ASSERT_OK_AND_ASSIGN(
          const PreviewedMail mail,
          preview.RenderUnsaved(built_in.content, {.language_code = localized.language_code}, {}));
      EXPECT_THAT(mail.warnings, IsEmpty());
      EXPECT_THAT(mail.subject, Not(HasSubstr("{{")));
      EXPECT_THAT(mail.subject, Not(HasSubstr("\n")));
      for (const std::string& body : {mail.html, mail.text}) {
        EXPECT_THAT(body, HasSubstr("Lindgård Academy"));
        EXPECT_THAT(body, Not(AnyOf(HasSubstr("{{"), HasSubstr("[["))));
      }
      EXPECT_THAT(mail.html, HasSubstr("mso-hide:all\">"));  // the preheader
      EXPECT_THAT(mail.text, Not(HasSubstr("\n\n\n")));
    }
  }
}

std::string RenderedText(const std::string& id, std::string_view language,
                         const std::map<std::string, std::string>& json_by_variable,
                         std::string* subject = nullptr) {
  for (const NewTemplate& built_in : All()) {
    if (built_in.id != id) continue;
    const auto localized =
        std::ranges::find(built_in.content.languages, language, &LocalizedContent::language_code);
    const auto compiled = Compile(built_in.content, *localized);
    EXPECT_OK(compiled);
    google::protobuf::Struct context = render::SampleContext((*compiled)->schema());
    for (const auto& [name, json] : json_by_variable) {
      (*context.mutable_fields())[name] =
          StructFromJson("{\"value\": " + json + "}").fields().at("value");
    }
    render::Rendered mail;
    render::Renderer renderer;
    render::RenderOptions options;
    options.language_code = language;
    EXPECT_OK(renderer.Render(*compiled, context, options, mail));
    if (subject != nullptr) *subject = mail.subject;
    return mail.text;
  }
  return "";
}

TEST(BuiltInTemplateTest, NameAmountAndReferenceInTheSubjectOfAReceipt) {
  std::string subject;
  RenderedText("payment_confirmation", "de", {}, &subject);
  EXPECT_EQ(subject, "Ihre Zahlung über 1.490,00\u00a0SEK (PAY-2026-004217)");
}

TEST(BuiltInTemplateTest, HaveThePluralsOfTheirLanguage) {
  EXPECT_THAT(RenderedText("new_content", "en", {{"more_items", "70"}}), HasSubstr("And 70 more."));
  EXPECT_THAT(RenderedText("new_content", "de", {{"more_items", "1"}}),
              HasSubstr("Und 1 weiterer Inhalt."));
  EXPECT_THAT(RenderedText("new_content", "en", {{"more_items", "null"}}),
              Not(HasSubstr(" more.")));
  const std::pair<const char*, const char*> arabic[] = {{"1", "ومادة أخرى."},
                                                        {"2", "ومادتان أخريان."},
                                                        {"3", "٣\u2069 مواد أخرى."},
                                                        {"11", "١١\u2069 مادة أخرى."},
                                                        {"100", "١٠٠\u2069 مادة أخرى."}};
  for (const auto& [number, text] : arabic) {
    EXPECT_THAT(RenderedText("new_content", "ar", {{"more_items", number}}), HasSubstr(text));
  }
}

TEST(BuiltInTemplateTest, AreMirroredInArabic) {
  for (const NewTemplate& built_in : All()) {
    const LocalizedContent& arabic = built_in.content.languages.back();
    EXPECT_THAT(arabic.html, HasSubstr("<html lang=\"ar\" dir=\"rtl\">")) << built_in.id;
    EXPECT_THAT(arabic.html, HasSubstr("role=\"presentation\" dir=\"rtl\"")) << built_in.id;
    EXPECT_THAT(arabic.html, Not(AnyOf(HasSubstr("\"left\""), HasSubstr("margin-right"),
                                       HasSubstr("text-align:left"))))
        << built_in.id;
    EXPECT_THAT(arabic.subject, HasSubstr("\u2068{{")) << built_in.id;
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

// The variables of every mail and of the mail about `event`, by name.
std::map<std::string, Variable> SuppliedTo(const std::string& event) {
  const auto sources = ReadSuppliedVariables();
  EXPECT_OK(sources);
  std::map<std::string, Variable> out;
  for (const SuppliedVariables& source : *sources) {
    if (!source.event.empty() && source.event != event) continue;
    for (const Variable& variable : source.variables) out.emplace(variable.name, variable);
  }
  return out;
}

TEST(BuiltInTemplateTest, NeedWhatTheirEventSupplies) {
  const std::map<std::string, std::string> events = {{"enrollment", "student_enrolled"},
                                                     {"demo_completed", "demo_class_attended"},
                                                     {"payment_confirmation", "payment_succeeded"},
                                                     {"new_content", "content_published"},
                                                     {"weekly_progress", "weekly_report"}};
  for (const NewTemplate& built_in : All()) {
    const auto supplied = SuppliedTo(events.at(built_in.id));
    for (const Variable& needed : built_in.content.variables) {
      const auto found = supplied.find(needed.name);
      const bool is_supplied = found != supplied.end();
      EXPECT_TRUE(is_supplied || !needed.required) << needed.name;
      EXPECT_TRUE(!is_supplied || found->second.type == needed.type) << needed.name;
    }
  }
}

constexpr char kYaml[] = "key: a\ncategory: demo\ndisplay_name: A\ndescription: B\n";

TEST(BuiltInTemplateTest, NamesTheInvalidFile) {
  const EmbeddedFile texts{"texts.yaml", "a: {subject: {en: S}}"};
  const auto fails_with = [](const std::string& message) {
    return StatusIs(absl::StatusCode::kInternal, HasSubstr(message));
  };
  EXPECT_THAT(ReadBuiltInTemplates({{"a/template.yaml", kYaml}}),
              fails_with("texts.yaml is missing"));
  EXPECT_THAT(ReadBuiltInTemplates({texts, {"a/template.yaml", "key: b"}}),
              fails_with("a/template.yaml"));
  EXPECT_THAT(ReadBuiltInTemplates({texts, {"a/template.yaml", ": ["}}),
              fails_with("a/template.yaml"));
  EXPECT_THAT(ReadBuiltInTemplates({texts, {"a/template.yaml", kYaml}}),
              fails_with("a/body.html is missing"));
  EXPECT_THAT(
      ReadBuiltInTemplates(
          {texts, {"a/template.yaml", kYaml}, {"a/body.html", "[[other]]"}, {"a/body.txt", ""}}),
      fails_with("texts.yaml has no a.other"));
  EXPECT_THAT(
      ReadBuiltInTemplates(
          {texts, {"a/template.yaml", kYaml}, {"a/body.html", "[[>x]]"}, {"a/body.txt", ""}}),
      fails_with(">x is missing"));
  EXPECT_THAT(ReadBuiltInTemplates({{"texts.yaml", "a: {x: {en: X, de: X}, y: {en: Y}}"}}),
              fails_with("a.y has 1 languages of 2"));
}

TEST(BuiltInTemplateTest, FillsLayoutsWithTheTextsOfEachLanguage) {
  ASSERT_OK_AND_ASSIGN(
      const auto read,
      ReadBuiltInTemplates({{"texts.yaml",
                             "all: {subject: {ar: X, en: X}, n: {plural: c.n, ar: {few: f}, en: "
                             "{one: o, other: p}}}\n"
                             "a: {subject: {ar: '{{b}}!', en: 'Q&A{{#b}} {{b}}{{/b}}'}}"},
                            {"a/template.yaml", kYaml},
                            {"layout/p.html", "[[end]]\n"},
                            {"a/body.html", "<p dir=[[direction]]>[[subject]] [[>p.html]]</p>"},
                            {"a/body.txt", "[[n]] [[subject]]\n"}}));
  ASSERT_EQ(read.size(), 1u);
  EXPECT_THAT(read[0].content.languages,
              ElementsAre(LocalizedContent{"en", "Q&A{{#b}} {{b}}{{/b}}",
                                           "<p dir=ltr>Q&amp;A{{#b}} {{b}}{{/b}} right</p>",
                                           "{{#c.n.one}}o{{/c.n.one}}{{#c.n.other}}p{{/c.n.other}} "
                                           "Q&A{{#b}} {{b}}{{/b}}\n"},
                          LocalizedContent{"ar", "\u2068{{b}}\u2069!",
                                           "<p dir=rtl>\u2068{{b}}\u2069! left</p>",
                                           "{{#c.n.few}}f{{/c.n.few}} \u2068{{b}}\u2069!\n"}));
}

}  // namespace
}  // namespace lmsmail::templates
