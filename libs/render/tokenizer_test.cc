#include "libs/render/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace lmsmail::render {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Kinds and texts on one line: "text(a) section(x)".
std::string Shape(const Tokenized& tokenized) {
  std::string out;
  for (const Token& token : tokenized.tokens) {
    constexpr const char* kNames[] = {"text",    "variable", "unescaped",
                                      "section", "inverted", "close"};
    out += out.empty() ? "" : " ";
    out += kNames[static_cast<int>(token.kind)];
    out += "(" + token.text + ")";
  }
  return out;
}

TEST(Tokenizer, RecognizesTheKindsOfTags) {
  const Tokenized tokenized = Tokenize("a{{b}}{{{c}}}{{& d }}{{#e}}{{/e}}{{ ^f }}{{/f}}{{!i}}j");

  EXPECT_EQ(
      Shape(tokenized),
      "text(a) variable(b) unescaped(c) unescaped(d) section(e) close(e) inverted(f) close(f) "
      "text(j)");
  EXPECT_THAT(tokenized.errors, IsEmpty());
}

TEST(Tokenizer, CountsLinesAndCodePointsFromOne) {
  const Tokenized tokenized = Tokenize("{{a}}\nдва {{b}}\r\n\n  {{c}}");

  EXPECT_EQ(tokenized.tokens.at(0).location, (Location{1, 1}));
  EXPECT_EQ(tokenized.tokens.at(2).location, (Location{2, 5}));
  EXPECT_EQ(tokenized.tokens.at(4).location, (Location{4, 3}));
}

TEST(Tokenizer, LeavesBracesOfStyleSheetsUnchanged) {
  EXPECT_EQ(Shape(Tokenize("@media x{a{b:c}}")), "text(@media x{a{b:c}})");
}

struct ErrorCase {
  std::string source;
  Location location;
  std::string message;
};

void PrintTo(const ErrorCase& c, std::ostream* os) { *os << c.source; }

class TokenizerError : public ::testing::TestWithParam<ErrorCase> {};

TEST_P(TokenizerError, IsReportedWithItsLocation) {
  const Tokenized tokenized = Tokenize(GetParam().source);

  ASSERT_THAT(tokenized.errors, SizeIs(1));
  EXPECT_EQ(tokenized.errors[0].location, GetParam().location);
  EXPECT_THAT(tokenized.errors[0].message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, TokenizerError,
    ::testing::Values(ErrorCase{"ab\nc {{name", {2, 3}, "never closed: '}}' is missing"},
                      ErrorCase{"{{{name}}", {1, 1}, "never closed: '}}}' is missing"},
                      ErrorCase{"{{a <b>{{c}}", {1, 1}, "not closed before the next '{{'"},
                      ErrorCase{"x{{}}", {1, 2}, "has no name"},
                      ErrorCase{"x{{# }}", {1, 2}, "has no name"},
                      ErrorCase{"{{first name}}", {1, 1}, "'first name' is not a variable's name"},
                      ErrorCase{"{{a..b}}", {1, 1}, "not a variable's name"},
                      ErrorCase{"{{.a}}", {1, 1}, "not a variable's name"},
                      ErrorCase{"{{a.}}", {1, 1}, "not a variable's name"},
                      ErrorCase{"{{имя}}", {1, 1}, "'имя' is not a variable's name"},
                      ErrorCase{"\n{{=<% %>}}", {2, 1}, "a delimiter change is two words"},
                      ErrorCase{"{{=<%=}}", {1, 1}, "a delimiter change is two words"},
                      ErrorCase{"{{=a b c=}}", {1, 1}, "a delimiter change is two words"},
                      ErrorCase{"{{=}}", {1, 1}, "a delimiter change is two words"},
                      ErrorCase{"{{<parent}}", {1, 1}, "inheritance"},
                      ErrorCase{"{{$block}}", {1, 1}, "inheritance"},
                      ErrorCase{"{{>partial}}", {1, 1}, "partials ({{>name}}) are not supported"},
                      ErrorCase{"{{=| |=}}{{x}} |a", {1, 16}, "'|' is missing"}));

TEST(Tokenizer, ContinuesAfterAnError) {
  const Tokenized tokenized = Tokenize("{{a b}} {{c {{d}} {{<e}} {{f}}");

  EXPECT_THAT(tokenized.errors, SizeIs(3));
  EXPECT_EQ(Shape(tokenized), "text( ) variable(d) text( ) text( ) variable(f)");
}

TEST(Tokenizer, ShortensLongNamesInMessagesBetweenCodePoints) {
  std::string name;
  for (int i = 0; i < 100; ++i) name += "я";

  const Tokenized tokenized = Tokenize("{{" + name + "}}");

  ASSERT_THAT(tokenized.errors, SizeIs(1));
  EXPECT_THAT(tokenized.errors[0].message, HasSubstr("'" + name.substr(0, 60) + "...'"));
}

}  // namespace
}  // namespace lmsmail::render
