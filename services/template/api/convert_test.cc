#include "services/template/api/convert.h"

#include <gtest/gtest.h>

#include "services/template/testing/sample_content.h"

namespace lmsmail::templates {
namespace {

TEST(ConvertTest, ConvertsContentToProtoAndBack) {
  TemplateContent content = SampleContent();
  content.variables.push_back(
      {.name = "yes", .type = render::VariableType::kBoolean, .sample = "true"});
  content.variables.push_back(
      {.name = "half", .type = render::VariableType::kNumber, .sample = "0.1"});
  content.variables.push_back({.name = "o", .type = render::VariableType::kObject});
  content.variables.push_back(
      {.name = "u", .type = render::VariableType::kUrl, .sample = "https://example.com/"});
  content.unescaped_variables = {"user.first_name"};
  v1::Template message;
  ContentToProto(content, message);
  Violations violations;
  EXPECT_EQ(ContentFromProto(message, violations), content);
  EXPECT_TRUE(violations.empty());
}

}  // namespace
}  // namespace lmsmail::templates
