#include "libs/render/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace lmsmail::render {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Kinds and texts in one line: "text(a) section(x)".
std::string Shape(const Tokenized& tokenized) {
  std::string out;
  for (const Token& token : tokenized.tokens) {
    constexpr const char* kNames[] = {"text",     "variable", "unescaped", "section",
                                      "inverted", "close",    "partial"};
    out += out.empty() ? "" : " ";
    out += kNames[static_cast<int>(token.kind)];
    out += "(" + token.text + ")";
  }
  return out;
}

TEST(Tokenizer, TellsTheKindsOfTagsApart) {
  const Tokenized tokenized =
      Tokenize("a{{b}}{{{c}}}{{& d }}{{#e}}{{/e}}{{ ^f }}{{/f}}{{>g/h.txt}}{{!i}}j");

  EXPECT_EQ(
      Shape(tokenized),
      "text(a) variable(b) unescaped(c) unescaped(d) section(e) close(e) inverted(f) close(f) "
      "partial(g/h.txt) text(j)");
  EXPECT_THAT(tokenized.faults, IsEmpty());
}

TEST(Tokenizer, CountsLinesAndCodePointsFromOne) {
  const Tokenized tokenized = Tokenize("{{a}}\nдва {{b}}\r\n\n  {{c}}");

  EXPECT_EQ(tokenized.tokens.at(0).at, (Location{1, 1}));
  EXPECT_EQ(tokenized.tokens.at(2).at, (Location{2, 5}));
  EXPECT_EQ(tokenized.tokens.at(4).at, (Location{4, 3}));
}

TEST(Tokenizer, KeepsTheIndentationOfAStandalonePartialOnly) {
  EXPECT_EQ(Tokenize("x\n \t{{>p}} \ny").tokens.at(1).indentation, " \t");
  EXPECT_EQ(Tokenize("x\n \t{{>p}} y").tokens.at(1).indentation, "");
}

TEST(Tokenizer, LeavesBracesOfStyleSheetsAlone) {
  EXPECT_EQ(Shape(Tokenize("@media x{a{b:c}}")), "text(@media x{a{b:c}})");
}

struct FaultCase {
  std::string source;
  Location at;
  std::string message;
};

void PrintTo(const FaultCase& c, std::ostream* os) { *os << c.source; }

class TokenizerFault : public ::testing::TestWithParam<FaultCase> {};

TEST_P(TokenizerFault, IsFoundInItsPlace) {
  const Tokenized tokenized = Tokenize(GetParam().source);

  ASSERT_THAT(tokenized.faults, SizeIs(1));
  EXPECT_EQ(tokenized.faults[0].at, GetParam().at);
  EXPECT_THAT(tokenized.faults[0].message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, TokenizerFault,
    ::testing::Values(FaultCase{"ab\nc {{name", {2, 3}, "never closed: '}}' is missing"},
                      FaultCase{"{{{name}}", {1, 1}, "never closed: '}}}' is missing"},
                      FaultCase{"{{a <b>{{c}}", {1, 1}, "not closed before the next '{{'"},
                      FaultCase{"x{{}}", {1, 2}, "names nothing"},
                      FaultCase{"x{{# }}", {1, 2}, "names nothing"},
                      FaultCase{"{{first name}}", {1, 1}, "'first name' is not a variable's name"},
                      FaultCase{"{{a..b}}", {1, 1}, "not a variable's name"},
                      FaultCase{"{{.a}}", {1, 1}, "not a variable's name"},
                      FaultCase{"{{a.}}", {1, 1}, "not a variable's name"},
                      FaultCase{"{{имя}}", {1, 1}, "'имя' is not a variable's name"},
                      FaultCase{"\n{{=<% %>}}", {2, 1}, "a delimiter change is two words"},
                      FaultCase{"{{=<%=}}", {1, 1}, "a delimiter change is two words"},
                      FaultCase{"{{=a b c=}}", {1, 1}, "a delimiter change is two words"},
                      FaultCase{"{{=}}", {1, 1}, "a delimiter change is two words"},
                      FaultCase{"{{<parent}}", {1, 1}, "inheritance"},
                      FaultCase{"{{$block}}", {1, 1}, "inheritance"},
                      FaultCase{"{{>*dynamic}}", {1, 1}, "dynamic partial names"},
                      FaultCase{"{{>a b}}", {1, 1}, "'a b' is not a partial's name"},
                      FaultCase{"{{=| |=}}{{x}} |a", {1, 16}, "'|' is missing"}));

TEST(Tokenizer, GoesOnAfterAFault) {
  const Tokenized tokenized = Tokenize("{{a b}} {{c {{d}} {{<e}} {{f}}");

  EXPECT_THAT(tokenized.faults, SizeIs(3));
  EXPECT_EQ(Shape(tokenized), "text( ) variable(d) text( ) text( ) variable(f)");
}

TEST(Tokenizer, ShortensLongNamesInMessagesBetweenCodePoints) {
  std::string name;
  for (int i = 0; i < 100; ++i) name += "я";

  const Tokenized tokenized = Tokenize("{{" + name + "}}");

  ASSERT_THAT(tokenized.faults, SizeIs(1));
  EXPECT_THAT(tokenized.faults[0].message, HasSubstr("'" + name.substr(0, 60) + "...'"));
}

}  // namespace
}  // namespace lmsmail::render
