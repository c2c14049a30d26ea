#include "libs/resource_name/name.h"

#include <gtest/gtest.h>

namespace lmsmail::resource_name {
namespace {

TEST(NameTest, ParsesTheNamesItFormats) {
  EXPECT_EQ(ParseRecipientName(RecipientName("student-17")), "student-17");
  EXPECT_EQ(ParseCourseName(CourseName("cpp-101")), "cpp-101");
  EXPECT_EQ(ParseTemplateName(TemplateName("new_content")), "new_content");
  EXPECT_EQ(TemplateVersionName("welcome", 3), "templates/welcome/versions/3");
}

TEST(NameTest, RefusesOtherNames) {
  for (const char* bad : {"", "recipients", "recipients/", "recipients/a/b", "/recipients/a",
                          "courses/a", "recipients/a b"}) {
    EXPECT_EQ(ParseRecipientName(bad), std::nullopt) << bad;
  }
  for (const char* bad : {"", "templates/", "templates/Welcome", "templates/2", "template/welcome",
                          "templates/a/versions/1", "templates/a b", "welcome"}) {
    EXPECT_EQ(ParseTemplateName(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace lmsmail::resource_name
