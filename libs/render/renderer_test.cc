#include "libs/render/renderer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"
#include "libs/testing/struct_from_json.h"

namespace lmsmail::render {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr RenderOptions kPreview{.mode = RenderOptions::Mode::kPreview};

std::shared_ptr<const Template> Compiled(const Content& content,
                                         const std::vector<Variable>& variables = {}) {
  auto compiled = Template::Compile(content, variables);
  EXPECT_OK(compiled);
  return *compiled;
}

std::shared_ptr<const Template> CompiledHtml(const std::string& html,
                                             const std::vector<Variable>& variables = {}) {
  return Compiled({.subject = "s", .html = html, .text = ""}, variables);
}

TEST(Renderer, EscapesOnlyHtmlAndReplacesTheOutput) {
  const auto compiled =
      Compiled({.subject = "{{n}}", .html = "<b>{{n}}</b>{{{n}}}", .text = "{{n}}\n"});
  Renderer renderer;
  Rendered out{.subject = "old", .html = "old", .text = "old", .warnings = {"old"}};

  ASSERT_OK(renderer.Render(compiled, StructFromJson(R"({"n": "O'Neill & <co>"})"), {}, out));

  EXPECT_EQ(out.subject, "O'Neill & <co>");
  EXPECT_EQ(out.html, "<b>O&#39;Neill &amp; &lt;co&gt;</b>O'Neill & <co>");
  EXPECT_EQ(out.text, "O'Neill & <co>\n");
  EXPECT_THAT(out.warnings, IsEmpty());
}

TEST(Renderer, SubjectNeverHasALineBreak) {
  const auto compiled = Compiled({.subject = "Hi {{n}}, {{m}}", .html = "", .text = "x"});
  Renderer renderer;
  Rendered out;

  ASSERT_OK(renderer.Render(
      compiled, StructFromJson(R"({"n": "Ada\r\nBcc: all@example.com", "m": "\u2028!\n"})"), {},
      out));

  EXPECT_EQ(out.subject, "Hi Ada Bcc: all@example.com, !");
}

TEST(Renderer, FirstScopeWins) {
  const auto compiled = CompiledHtml("{{unsubscribe_url}} {{name}} {{site_name}}");
  const Object fixed = FromStruct(StructFromJson(R"({"unsubscribe_url": "ours"})"));
  const Object mail = FromStruct(StructFromJson(R"({"unsubscribe_url": "theirs", "name": "Ada"})"));
  const Object site = FromStruct(StructFromJson(R"({"site_name": "School", "name": "nobody"})"));
  const Object* const scopes[] = {&fixed, &mail, &site};
  Renderer renderer;
  Rendered out;

  ASSERT_OK(renderer.Render(compiled, scopes, {}, out));

  EXPECT_EQ(out.html, "ours Ada School");
}

std::vector<Variable> Variables() {
  return {{.name = "user.first_name", .required = true},
          {.name = "link", .type = VariableType::kUrl, .required = true},
          {.name = "courses",
           .type = VariableType::kList,
           .fields = {{.name = "title", .required = true}}},
          {.name = "count", .type = VariableType::kNumber},
          {.name = "trial", .type = VariableType::kBoolean},
          {.name = "teacher", .type = VariableType::kObject, .fields = {{.name = "name"}}}};
}

TEST(Renderer, RejectsAContextWithoutRequiredVariables) {
  const auto compiled = CompiledHtml("{{user.first_name}}", Variables());
  Renderer renderer;
  Rendered out;

  const absl::Status status = renderer.Render(
      compiled, StructFromJson(R"({"link": null, "courses": [{"title": "A"}, {}]})"), {}, out);

  EXPECT_THAT(status,
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       "the context does not match the template: courses[1].title is missing; link "
                       "is missing; user.first_name is missing"));
  EXPECT_EQ(ReasonOf(status).reason, "CONTEXT_MISMATCH");
  EXPECT_EQ(ReasonOf(status).metadata.at("variables"), "courses[1].title,link,user.first_name");
}

TEST(Renderer, RejectsValuesOfAnotherType) {
  const auto compiled = CompiledHtml("x", Variables());
  Renderer renderer;
  Rendered out;

  const absl::Status status = renderer.Render(compiled, StructFromJson(R"json({
        "user": {"first_name": ["secret"]}, "link": "javascript:alert(1)", "courses": ["secret"],
        "count": "secret", "trial": 1, "teacher": "secret"})json"),
                                              {}, out);

  EXPECT_THAT(
      status,
      StatusIs(
          absl::StatusCode::kFailedPrecondition,
          "the context does not match the template: "
          "count has type string, declared as number; "
          "courses[0] has type string, declared as object; "
          "link is not a URL such as https://school.example/courses, with http, https or mailto; "
          "teacher has type string, declared as object; "
          "trial has type number, declared as boolean; "
          "user.first_name has type list, declared as string"));
}

TEST(Renderer, PreviewWarnsInstead) {
  const auto compiled =
      CompiledHtml("[{{user.first_name}}{{#courses}}{{title}}{{hint}}{{/courses}}{{teacher.name}}]",
                   Variables());
  Renderer renderer;
  Rendered out;

  ASSERT_OK(renderer.Render(
      compiled, StructFromJson(R"({"courses": [{"title": "A"}, {"title": "B"}], "count": "x"})"),
      kPreview, out));

  EXPECT_EQ(out.html, "[AB]");
  EXPECT_THAT(out.warnings, ElementsAre("count has type string, declared as number",
                                        "link is missing", "user.first_name is missing",
                                        "hint is missing", "teacher.name is missing"));
}

TEST(Renderer, WarnsAboutHtmlThatGmailClips) {
  const auto compiled = CompiledHtml("{{n}}");
  google::protobuf::Struct context;
  (*context.mutable_fields())["n"].set_string_value(std::string(110 * 1024, 'x'));
  Renderer renderer;
  Rendered out;

  ASSERT_OK(renderer.Render(compiled, context, {}, out));

  EXPECT_THAT(out.warnings, ElementsAre(HasSubstr("html is 110 KB")));
}

google::protobuf::Struct List(int size) {
  google::protobuf::Struct context;
  auto& list = *(*context.mutable_fields())["l"].mutable_list_value();
  for (int i = 0; i < size; ++i) list.add_values()->set_string_value("x");
  return context;
}

TEST(Renderer, StopsWhenAPartGrowsTooLarge) {
  const auto compiled = CompiledHtml("{{#l}}" + std::string(1000, 'y') + "{{/l}}");
  Renderer renderer;
  Rendered out;

  EXPECT_THAT(renderer.Render(compiled, List(2000), {}, out),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       "rendering html produces more than 1048576 bytes"));
  EXPECT_THAT(renderer.Render(compiled, List(3), {.max_output_bytes = 2999}, out),
              StatusIs(absl::StatusCode::kResourceExhausted));

  // The parsed template still works.
  ASSERT_OK(renderer.Render(compiled, List(3), {.max_output_bytes = 3000}, out));
  EXPECT_EQ(out.html.size(), 3000u);
}

TEST(Renderer, StopsWhenAPartTakesTooManySteps) {
  Renderer renderer;
  Rendered out;
  for (const std::string source : {"{{#l}}{{#l}}{{#l}}{{#l}}{{/l}}{{/l}}{{/l}}{{/l}}",
                                   "{{#l}}{{^l}}{{/l}}{{#l}}{{none}}{{none}}{{/l}}{{/l}}"}) {
    EXPECT_THAT(renderer.Render(CompiledHtml(source), List(500), {}, out),
                StatusIs(absl::StatusCode::kResourceExhausted,
                         "rendering html takes more than 200000 steps"));
  }
}

TEST(Renderer, RendersDeeplyNestedContexts) {
  google::protobuf::Struct context;
  google::protobuf::Struct* inner = &context;
  for (int i = 0; i < 2000; ++i) inner = (*inner->mutable_fields())["a"].mutable_struct_value();
  std::string html;
  for (int i = 0; i < 63; ++i) html += "{{#a}}";
  html += "{{a.a.a.b}}{{^b}}end{{/b}}";
  for (int i = 0; i < 63; ++i) html += "{{/a}}";
  Renderer renderer;
  Rendered out;

  ASSERT_OK(renderer.Render(CompiledHtml(html), context, {}, out));

  EXPECT_EQ(out.html, "end");
}

TEST(Renderer, KeepsTheMostRecentlyUsedTemplates) {
  const auto a = CompiledHtml("a"), b = CompiledHtml("b"), c = CompiledHtml("c");
  Renderer renderer(2);
  Rendered out;
  std::string seen;

  for (const auto& compiled : {a, b, a, c, b, a, c}) {
    ASSERT_OK(renderer.Render(compiled, google::protobuf::Struct(), {}, out));
    seen += out.html;
  }

  EXPECT_EQ(seen, "abacbac");
  EXPECT_EQ(a.use_count() + b.use_count() + c.use_count(), 5);  // the renderer holds two of three
}

TEST(Renderer, ThreadsShareATemplate) {
  const auto compiled = CompiledHtml("{{#l}}{{.}},{{/l}}{{^l}}none{{/l}}{{n}}");
  const auto render = [&compiled](int id, int& wrong) {
    Renderer renderer;
    Rendered out;
    google::protobuf::Struct context = List(id);
    (*context.mutable_fields())["n"].set_number_value(id);
    std::string expected;
    for (int i = 0; i < id; ++i) expected += "x,";
    expected += std::to_string(id);
    for (int i = 0; i < 1000; ++i) {
      if (!renderer.Render(compiled, context, {}, out).ok() || out.html != expected) ++wrong;
    }
  };
  int wrong[2] = {0, 0};

  std::thread first(render, 3, std::ref(wrong[0]));
  std::thread second(render, 5, std::ref(wrong[1]));
  first.join();
  second.join();

  EXPECT_EQ(wrong[0], 0);
  EXPECT_EQ(wrong[1], 0);
}

}  // namespace
}  // namespace lmsmail::render
