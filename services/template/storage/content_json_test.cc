#include "services/template/storage/content_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"
#include "services/template/testing/sample_content.h"

namespace lmsmail::templates {
namespace {

TEST(ContentJsonTest, ConvertsToJsonAndBack) {
  TemplateContent content = SampleContent("\"quoted\" <b> \u2028 \\ Zoë {{user.first_name}}\r\n\t");
  content.variables.push_back(
      {.name = "yes", .type = render::VariableType::kBoolean, .sample = "true"});
  content.unescaped_variables = {"user.first_name"};
  ASSERT_OK_AND_ASSIGN(const std::string json, ContentToJson(content));
  EXPECT_THAT(ContentFromJson(json), IsOkAndHolds(content));
}

TEST(ContentJsonTest, RejectsOtherJson) {
  EXPECT_THAT(ContentFromJson("[]"), StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(ContentFromJson(R"({"variables": [{"name": "a"}]})"),
              StatusIs(absl::StatusCode::kInternal));
}

}  // namespace
}  // namespace lmsmail::templates
