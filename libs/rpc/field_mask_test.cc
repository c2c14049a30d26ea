#include "libs/rpc/field_mask.h"

#include <gtest/gtest.h>

#include <array>
#include <initializer_list>

#include "libs/rpc/testing/echo.pb.h"
#include "libs/rpc/testing/matchers.h"

namespace lmsmail::rpc {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::v1::EchoRequest;

constexpr std::array<std::string_view, 3> kUpdatable = {"nested.text", "tags", "text"};
constexpr std::array<std::string_view, 1> kOutputOnly = {"create_time"};
constexpr UpdatableFields kFields{.updatable = kUpdatable, .output_only = kOutputOnly};

google::protobuf::FieldMask Mask(std::initializer_list<const char*> paths) {
  google::protobuf::FieldMask mask;
  for (const char* path : paths) mask.add_paths(path);
  return mask;
}

TEST(FieldMaskTest, ReturnsTheFieldsOfTheMask) {
  Violations violations;
  EXPECT_THAT(FieldsToUpdate(Mask({"text", "text"}), EchoRequest(), kFields, violations),
              ElementsAre("text"));
  EXPECT_TRUE(violations.empty());
}

TEST(FieldMaskTest, EmptyMaskMeansThePopulatedFields) {
  EchoRequest resource;
  resource.mutable_nested()->set_text("x");
  resource.add_tags("t");
  Violations violations;
  EXPECT_THAT(FieldsToUpdate(Mask({}), resource, kFields, violations),
              ElementsAre("nested.text", "tags"));
}

TEST(FieldMaskTest, RefusesAnUpdateOfNothing) {
  Violations violations;
  FieldsToUpdate(Mask({}), EchoRequest(), kFields, violations);
  EXPECT_THAT(violations.ToStatus(), HasViolation("update_mask", HasSubstr("nested.text, tags")));
}

TEST(FieldMaskTest, StarMeansAllUpdatableFields) {
  Violations violations;
  EXPECT_THAT(FieldsToUpdate(Mask({"*"}), EchoRequest(), kFields, violations),
              ElementsAre("nested.text", "tags", "text"));
}

TEST(FieldMaskTest, IgnoresOutputOnlyFields) {
  Violations violations;
  EXPECT_THAT(FieldsToUpdate(Mask({"create_time", "tags"}), EchoRequest(), kFields, violations),
              ElementsAre("tags"));
  EXPECT_TRUE(violations.empty());
}

TEST(FieldMaskTest, RefusesUnknownPathsAndNamesTheUpdatableOnes) {
  Violations violations;
  FieldsToUpdate(Mask({"txet", "text"}), EchoRequest(), kFields, violations);
  EXPECT_THAT(
      violations.ToStatus(),
      HasViolation("update_mask", AllOf(HasSubstr("\"txet\""), HasSubstr("nested.text, tags"))));
}

}  // namespace
}  // namespace lmsmail::rpc
