#include "services/template/domain/template.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "services/template/domain/declarations.h"
#include "services/template/testing/sample_content.h"

namespace lmsmail::templates {
namespace {

TEST(DigestTest, DependsOnEveryPartOfTheContent) {
  std::vector<TemplateContent> contents(12, SampleContent());
  contents[1].languages[0].language_code = "de";
  contents[2].languages[0].subject += " ";
  contents[3].languages[0].html += " ";
  contents[4].languages[0].text += " ";
  contents[5].variables[0].name = "user.last_name";
  contents[6].variables[0].type = render::VariableType::kUrl;
  contents[7].variables[0].required = false;
  contents[8].variables[0].description = "";
  contents[9].variables[0].sample = "";
  contents[10].unescaped_variables = {"user.first_name"};
  std::swap(contents[11].languages[0].html, contents[11].languages[0].text);
  std::set<std::string> digests;
  for (const TemplateContent& content : contents) digests.insert(DigestOf(content));
  EXPECT_EQ(digests.size(), contents.size());
  EXPECT_EQ(DigestOf(SampleContent()), DigestOf(SampleContent()));
  EXPECT_EQ(DigestOf(SampleContent()).size(), 64u);
}

TEST(DeclarationsTest, ConvertsToRenderAndBack) {
  const std::vector<Variable> variables = SampleContent().variables;
  EXPECT_EQ(FromRender(ToRender(variables)), variables);
}

}  // namespace
}  // namespace lmsmail::templates
