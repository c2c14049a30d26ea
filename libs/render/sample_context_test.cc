#include "libs/render/sample_context.h"

#include <gtest/gtest.h>

#include "libs/render/context_check.h"
#include "libs/render/renderer.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::render {
namespace {

TEST(SampleContext, RendersWithoutAWarning) {
  const std::vector<Variable> variables = {
      {.name = "user.first_name", .required = true, .sample = "Ada"},
      {.name = "user.last_name", .required = true},
      {.name = "amount", .type = VariableType::kNumber, .required = true, .sample = "12.50"},
      {.name = "trial", .type = VariableType::kBoolean, .required = true, .sample = "false"},
      {.name = "link", .type = VariableType::kUrl, .required = true},
      {.name = "tags", .type = VariableType::kList, .required = true},
      {.name = "items",
       .type = VariableType::kList,
       .required = true,
       .fields = {{.name = "title", .required = true, .sample = "Algebra"}}},
  };
  const Content content{.subject = "s",
                        .html = "",
                        .text =
                            "{{user.first_name}} {{user.last_name}} {{amount}} {{trial}} "
                            "{{link}}{{#tags}} {{.}}{{/tags}}{{#items}} {{title}}{{/items}}"};
  ASSERT_OK_AND_ASSIGN(const auto compiled, Template::Compile(content, variables));
  Renderer renderer;
  Rendered out;

  ASSERT_OK(renderer.Render(compiled, SampleContext(compiled->schema()), {}, out));

  EXPECT_EQ(out.text,
            "Ada [user.last_name] 12.5 false https://example.com/ [tags 1] [tags 2] Algebra "
            "Algebra");
  EXPECT_TRUE(out.warnings.empty());
}

}  // namespace
}  // namespace lmsmail::render
