#include "libs/validation/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lmsmail::validation {
namespace {

using namespace std::string_view_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Optional;

TEST(TextTest, CountsCharactersInsteadOfOctets) {
  EXPECT_EQ(TextError("Zoë", {.max_length = 3}), std::nullopt);
  EXPECT_THAT(TextError("Zoës", {.max_length = 3}),
              Optional(std::string("has 4 characters; at most 3 are allowed")));
}

TEST(TextTest, RefusesEmptyTextOnlyWhenRequired) {
  EXPECT_EQ(TextError("", {.max_length = 3}), std::nullopt);
  EXPECT_THAT(TextError("", {.max_length = 3, .required = true}),
              Optional(std::string("is required: 1 to 3 characters")));
}

TEST(TextTest, RefusesControlCharacters) {
  for (const std::string_view text : {"a\nb"sv, "a\tb"sv, "\x7f"sv, "\xc2\x85"sv, "\0"sv}) {
    EXPECT_THAT(TextError(text, {.max_length = 9}), Optional(HasSubstr("control"))) << text;
  }
  EXPECT_EQ(TextError("a\r\n\tb", {.max_length = 9, .multiline = true}), std::nullopt);
  EXPECT_THAT(TextError("\x1b[1m", {.max_length = 9, .multiline = true}),
              Optional(HasSubstr("control")));
}

TEST(TextTest, RefusesInvalidUtf8) {
  for (const std::string_view text : {"\xff", "a\xc3", "\xed\xa0\x80", "\xc0\x80"}) {
    EXPECT_THAT(TextError(text, {.max_length = 9}), Optional(HasSubstr("UTF-8"))) << text;
  }
}

TEST(TextTest, NamesTheField) {
  Violations violations;
  CheckText("fine", "title", {.max_length = 4}, violations);
  CheckText("", "detail", {.max_length = 4, .required = true}, violations);
  EXPECT_THAT(violations.list(),
              ElementsAre(FieldViolation{"detail", "is required: 1 to 4 characters"}));
}

}  // namespace
}  // namespace lmsmail::validation
