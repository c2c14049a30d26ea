#include "libs/validation/struct.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace lmsmail::validation {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

auto IsViolation(testing::Matcher<std::string> description) {
  return AllOf(Field(&FieldViolation::field, "context"),
               Field(&FieldViolation::description, description));
}

google::protobuf::Struct Nested(int levels) {
  google::protobuf::Struct value;
  if (levels > 1) {
    *(*value.mutable_fields())["list"].mutable_list_value()->add_values()->mutable_struct_value() =
        Nested(levels - 2);
  }
  return value;
}

TEST(StructTest, AcceptsAStructWithinTheLimits) {
  Violations violations;
  CheckStruct(Nested(5), "context", {.bytes = 1000, .depth = 5}, violations);
  EXPECT_TRUE(violations.empty());
}

TEST(StructTest, RefusesAStructThatIsTooDeepOrTooLarge) {
  google::protobuf::Struct value = Nested(5);
  (*value.mutable_fields())["text"].set_string_value(std::string(1000, 'x'));
  Violations violations;
  CheckStruct(value, "context", {.bytes = 1000, .depth = 4}, violations);
  EXPECT_THAT(violations.list(), ElementsAre(IsViolation(HasSubstr("at most 1000")),
                                             IsViolation(HasSubstr("more than 4 levels"))));
}

TEST(StructTest, RefusesAHostileDepthWithoutExhaustingTheStack) {
  google::protobuf::Struct value;
  google::protobuf::Struct* level = &value;
  for (int i = 0; i < 10'000; ++i) level = (*level->mutable_fields())["a"].mutable_struct_value();
  Violations violations;
  CheckStruct(value, "context", {.bytes = 1 << 20}, violations);
  EXPECT_THAT(violations.list(), ElementsAre(IsViolation(HasSubstr("more than 32 levels"))));
}

TEST(StructTest, RefusesNulAtAnyDepth) {
  const std::string nul("a\0b", 3);
  google::protobuf::Struct plain, listed;
  (*plain.mutable_fields())["text"].set_string_value(nul);
  *(*listed.mutable_fields())["list"].mutable_list_value()->add_values()->mutable_struct_value() =
      plain;
  for (const auto& value : {plain, listed}) {
    Violations violations;
    CheckStruct(value, "context", {}, violations);
    EXPECT_THAT(violations.list(), ElementsAre(IsViolation(HasSubstr("NUL"))));
  }
}

}  // namespace
}  // namespace lmsmail::validation
