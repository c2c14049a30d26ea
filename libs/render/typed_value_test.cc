#include "libs/render/typed_value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "libs/render/check.h"
#include "libs/render/context_check.h"
#include "libs/render/renderer.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/struct_from_json.h"

namespace lmsmail::render {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<Variable> Variables() {
  using enum VariableType;
  return {{.name = "count", .type = kNumber},
          {.name = "done", .type = kPercent},
          {.name = "amount", .type = kMoney},
          {.name = "day", .type = kDate},
          {.name = "time", .type = kTime},
          {.name = "at", .type = kDateTime},
          {.name = "week", .type = kDays},
          {.name = "kind", .type = kChoice},
          {.name = "color", .type = kColor},
          {.name = "names", .type = kList},
          {.name = "year"},
          {.name = "items",
           .type = kList,
           .fields = {{.name = "lessons", .type = kNumber}, {.name = "title"}}}};
}

struct Reader {
  std::string language = "de";
  std::string zone = "Europe/Berlin";
};

Rendered RenderAll(const Content& content, const std::string& json, const Reader& reader = {}) {
  const auto compiled = Template::Compile(content, Variables());
  EXPECT_OK(compiled);
  Rendered out;
  if (!compiled.ok()) return out;
  RenderOptions options;
  options.language_code = reader.language;
  options.time_zone = reader.zone;
  EXPECT_OK(Renderer().Render(*compiled, StructFromJson(json), options, out));
  return out;
}

std::string Text(const std::string& source, const std::string& json, const Reader& reader = {}) {
  return RenderAll({.subject = "S", .html = "", .text = source}, json, reader).text;
}

std::string Html(const std::string& source, const std::string& json, const Reader& reader = {}) {
  return RenderAll({.subject = "S", .html = source, .text = ""}, json, reader).html;
}

TEST(TypedValueTest, IsWrittenForTheRecipient) {
  EXPECT_EQ(Text("{{count}} {{year}}", R"({"count": 1234.5, "year": 2026})"), "1.234,5 2026");
  EXPECT_EQ(Text("{{done}}", R"({"done": 64})"), "64\u00a0%");
  EXPECT_EQ(
      Text("{{amount}}", R"({"amount": {"amount_minor": 123456789, "currency_code": "EUR"}})"),
      "1.234.567,89\u00a0EUR");
  EXPECT_EQ(Text("{{amount}}", R"({"amount": {"amount_minor": "500", "currency_code": "JPY"}})",
                 {.language = "en"}),
            "JPY\u00a0500");
  EXPECT_EQ(Text("{{day}}", R"({"day": "2026-12-07"})"), "7. Dezember 2026");
  EXPECT_EQ(Text("{{week}}", R"({"week": "2026-11-16/2026-11-22"})"), "16.–22. November 2026");
  EXPECT_EQ(Text("{{names}}", R"({"names": ["A", "B", 3]})"), "A, B und 3");
  EXPECT_EQ(Text("{{count}}", R"({"count": 7})", {.language = "ar"}), "٧");
}

TEST(TypedValueTest, TimesAreInTheZoneOfTheRecipient) {
  const char* context =
      R"({"at": "2026-12-07T23:30:00Z", "time": "2026-12-07T23:30:00Z",
          "day": "2026-12-07T23:30:00Z"})";
  EXPECT_EQ(Text("{{day}}|{{time}}|{{at}}", context),
            "8. Dezember 2026|00:30|8. Dezember 2026 um 00:30");
  EXPECT_EQ(Text("{{time}}", context, {.zone = "America/New_York"}), "18:30");
  EXPECT_EQ(Text("{{time}}", context, {.zone = ""}), "23:30");
  EXPECT_EQ(Text("{{time}}", context, {.zone = "Nowhere/Land"}), "23:30");
}

TEST(TypedValueTest, IsWrittenTheSameInSubjectAndHtml) {
  const Rendered mail = RenderAll(
      {.subject = "{{amount}}", .html = "<b>{{amount}}</b>", .text = "{{amount}}"},
      R"({"amount": {"amount_minor": 4999, "currency_code": "EUR"}})", {.language = "en"});
  EXPECT_EQ(mail.subject, "EUR\u00a049.99");
  EXPECT_EQ(mail.html, "<b>EUR\u00a049.99</b>");
  EXPECT_THAT(mail.written, ElementsAre(mail.subject, mail.subject, mail.subject));
}

TEST(TypedValueTest, ProgramsReadAttributesAsTheyAre) {
  EXPECT_EQ(Html("<td width=\"{{done}}%\" style=\"width:{{count}}px\" alt=\"{{count}}\">{{count}}",
                 R"({"done": 64.5, "count": 1234})"),
            "<td width=\"64.5%\" style=\"width:1234px\" alt=\"1.234\">1.234");
  EXPECT_EQ(Html("<time datetime='{{day}}'>{{day}}</time>", R"({"day": "2026-12-07"})"),
            "<time datetime='2026-12-07'>7. Dezember 2026</time>");
}

TEST(TypedValueTest, OpensTheSectionOfItsPlural) {
  const char* german =
      "{{#count.one}}{{count}} Lektion{{/count.one}}"
      "{{#count.other}}{{.}} Lektionen{{/count.other}}";
  EXPECT_EQ(Text(german, R"({"count": 1})"), "1 Lektion");
  EXPECT_EQ(Text(german, R"({"count": 0})"), "0 Lektionen");
  EXPECT_EQ(Text(german, R"({"count": 2000})"), "2.000 Lektionen");
  EXPECT_EQ(Text(german, "{}"), "");
  EXPECT_EQ(Text("{{^count.one}}-{{/count.one}}", R"({"count": 2})"), "-");
  const char* arabic =
      "{{#count.zero}}z{{/count.zero}}{{#count.one}}o{{/count.one}}"
      "{{#count.two}}t{{/count.two}}{{#count.few}}f{{/count.few}}"
      "{{#count.many}}m{{/count.many}}{{#count.other}}x{{/count.other}}";
  std::string all;
  for (const int count : {0, 1, 2, 3, 10, 11, 99, 100}) {
    all += Text(arabic, "{\"count\": " + std::to_string(count) + "}", {.language = "ar"});
  }
  EXPECT_EQ(all, "zotffmmx");
  EXPECT_EQ(Text("{{#items}}{{#lessons.one}}a{{/lessons.one}}{{#lessons.other}}b{{/lessons.other}}"
                 "{{/items}}",
                 R"({"items": [{"lessons": 1}, {"lessons": 2}, {}]})"),
            "ab");
}

TEST(TypedValueTest, OtherOpensForPluralsWithoutASection) {
  EXPECT_EQ(Text("{{#count.one}}1{{/count.one}}{{#count.other}}n{{/count.other}}",
                 R"({"count": 3})", {.language = "ar"}),
            "n");
}

TEST(TypedValueTest, OpensTheSectionOfItsChoice) {
  const char* source =
      "{{#kind.video}}Film{{/kind.video}}{{#kind.quiz}}Quiz{{/kind.quiz}}"
      "{{#kind.other}}{{kind}}{{/kind.other}}";
  EXPECT_EQ(Text(source, R"({"kind": "video"})"), "Film");
  EXPECT_EQ(Text(source, R"({"kind": "reading"})"), "reading");
  EXPECT_EQ(Text(source, "{}"), "");
}

TEST(TypedValueTest, WarnsOfMissingPlurals) {
  const Content content = {
      .subject = "S",
      .html = "",
      .text = "{{#count.one}}1{{/count.one}}{{#count.other}}n{{/count.other}}"};
  const auto warnings = [&](const char* language) {
    std::vector<std::string> messages;
    for (const Diagnostic& warning :
         CheckTemplate(content, Variables(), {.language_code = language}).warnings) {
      messages.push_back(warning.message);
    }
    return messages;
  };
  EXPECT_THAT(warnings("de"), IsEmpty());
  EXPECT_THAT(warnings("fr"), IsEmpty());
  EXPECT_THAT(warnings("ar"),
              ElementsAre(HasSubstr("plural zero of ar, as for 0: add {{#count.zero}}"),
                          HasSubstr("plural two"), HasSubstr("plural few of ar, as for 3"),
                          HasSubstr("plural many")));
}

TEST(TypedValueTest, PluralsPrintNothing) {
  const CheckResult result = CheckTemplate(
      {.subject = "S", .html = "", .text = "{{count.one}} {{count.several}}"}, Variables());
  ASSERT_EQ(result.errors.size(), 2u);
  EXPECT_THAT(result.errors[0].message, HasSubstr("{{#count.one}}"));
  EXPECT_THAT(result.errors[1].message, HasSubstr("no declared field"));
}

TEST(TypedValueTest, NamesValuesOfAnotherForm) {
  DiagnosticList none;
  const Schema schema = BuildSchema(Variables(), none);
  const auto errors = [&](const std::string& json) {
    const google::protobuf::Struct context = StructFromJson(json);
    const google::protobuf::Struct* const scopes[] = {&context};
    std::vector<std::string> out;
    for (const ContextError& error : CheckContext(schema, scopes)) {
      out.push_back(error.variable + " " + error.message);
    }
    return out;
  };
  EXPECT_THAT(errors(R"({"day": "7 December"})"),
              ElementsAre("day is not a date such as 2026-12-07 or 2026-12-07T18:00:00+01:00"));
  for (const char* bad :
       {R"({"day": "2026-02-30"})", R"({"day": "0000-01-01"})", R"({"day": "2026-12-07T18:00:00"})",
        R"({"day": 20261207})", R"({"at": "2026-12-07"})", R"({"at": "infinite-future"})",
        R"({"time": "18:00"})", R"({"week": "2026-11-22/2026-11-16"})", R"({"week": "2026-11-22"})",
        R"({"amount": "49.99"})", R"({"amount": {"amount_minor": 4999}})",
        R"({"amount": {"amount_minor": 49.99, "currency_code": "EUR"}})",
        R"({"amount": {"amount_minor": 1, "currency_code": "eur"}})",
        R"({"amount": {"amount_minor": "1.0", "currency_code": "EUR"}})",
        R"({"amount": {"amount_minor": 1e300, "currency_code": "EUR"}})", R"({"done": "64"})",
        R"({"kind": ""})", R"({"color": "red"})", R"({"color": "#12"})"}) {
    EXPECT_EQ(errors(bad).size(), 1u) << bad;
  }
  EXPECT_THAT(errors(R"({"day": "2024-02-29", "kind": "live-class", "color": "#Abc"})"), IsEmpty());
}

}  // namespace
}  // namespace lmsmail::render
