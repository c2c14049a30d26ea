// Checks and renders sources of random bytes and of random mustache. Neither may crash, and
// whatever passes the check must render.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>

#include "libs/render/check.h"
#include "libs/render/limits.h"
#include "libs/render/renderer.h"
#include "libs/testing/struct_from_json.h"

namespace lmsmail::render {
namespace {

const std::vector<Variable> kVariables = {
    {.name = "a"},
    {.name = "l", .type = VariableType::kList, .fields = {{.name = "a"}, {.name = "b.c"}}},
    {.name = "o.p"}};

class Fuzz {
 public:
  explicit Fuzz(unsigned seed) : random_(seed) {}

  std::string Bytes(int max_pieces) {
    std::string out;
    for (int i = Below(max_pieces); i > 0; --i) out.push_back(static_cast<char>(Below(256)));
    return out;
  }

  std::string Mustache(int max_pieces) {
    static constexpr std::string_view kPieces[] = {
        "{{",     "}}",      "{{{",     "}}}",   "{{a}}",  "{{#l}}",      "{{/l}}",
        "{{^l}}", "{{o.p}}", "{{b.c}}", "{{.}}", "{{>p}}", "{{=<% %>=}}", "<%={{ }}=%>",
        "<%a%>",  "{{!",     "\n",      "\r\n",  "  ",     "text",        "{{#o}}",
        "{{/o}}", "{{=",     "=}}",     "$",     "я",      "{{&a}}",      "{{ #a }}x{{/a}}",
        "#",      "^",       "/",       ">",     "\xff"};
    std::string out;
    for (int i = Below(max_pieces); i > 0; --i) out += kPieces[Below(std::size(kPieces))];
    return out;
  }

 private:
  int Below(std::size_t n) { return static_cast<int>(random_() % n); }

  std::mt19937 random_;
};

// Returns whether the template is valid.
bool Try(const Content& content, Renderer& renderer) {
  static const auto context =
      StructFromJson(R"({"a": "<1>", "l": [{"a": 2, "b": {"c": 3}}, {}], "o": {"p": true}})");
  const CheckResult check = CheckTemplate(content, kVariables, {.unescaped_allowed = {"a", "l.a"}});
  for (const Diagnostic& error : check.errors) EXPECT_FALSE(error.message.empty());
  const auto compiled = Template::Compile(content, kVariables);
  if (compiled.ok()) {
    Rendered out;
    EXPECT_TRUE(renderer.Render(*compiled, context, {}, out).ok());
    EXPECT_EQ(out.subject.find_first_of("\r\n"), std::string::npos);
  }
  if (check.errors.empty()) {
    EXPECT_TRUE(compiled.ok()) << compiled.status();
  }
  return check.errors.empty();
}

TEST(HostileTemplate, HandlesRandomBytes) {
  Fuzz fuzz(1);
  Renderer renderer(4);
  int tried = 0;
  for (; tried < 2000; ++tried) {
    Try({.subject = fuzz.Bytes(20), .html = fuzz.Bytes(300), .text = fuzz.Bytes(300)}, renderer);
  }
  EXPECT_EQ(tried, 2000);
}

TEST(HostileTemplate, HandlesRandomMustache) {
  Fuzz fuzz(2);
  Renderer renderer(4);
  int valid = 0;
  for (int i = 0; i < 10'000; ++i) {
    valid +=
        Try({.subject = fuzz.Mustache(3), .html = fuzz.Mustache(12), .text = fuzz.Mustache(12)},
            renderer);
  }
  EXPECT_GT(valid, 20) << "too few valid templates to test rendering";
}

std::string Repeated(std::string_view text) {
  std::string out;
  while (out.size() + text.size() < kMaxSourceBytes) out += text;
  return out;
}

// Each took time in the square of its length if what it looks at were not bounded.
TEST(HostileTemplate, IsCheckedInLinearTime) {
  for (const std::string& html : {Repeated("{%"), "<a href=\"" + Repeated("{{a}}"),
                                  "<!--" + Repeated("[if"), "<style>" + Repeated("</")}) {
    CheckTemplate({.subject = "S", .html = html, .text = ""}, {{.name = "a"}});
  }
}

}  // namespace
}  // namespace lmsmail::render
