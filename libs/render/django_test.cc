#include "libs/render/django.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/render/check.h"

namespace lmsmail::render {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::Field;
using ::testing::HasSubstr;

TEST(DjangoTest, SuggestsASectionForADefault) {
  EXPECT_THAT(MustacheForFilter("user.first_name|default:user.username"),
              EndsWith(": write {{#user.first_name}}{{user.first_name}}{{/user.first_name}}"
                       "{{^user.first_name}}{{user.username}}{{/user.first_name}}"));
  EXPECT_THAT(MustacheForFilter("name | default:\"friend\""),
              EndsWith(": write {{#name}}{{name}}{{/name}}{{^name}}friend{{/name}}"));
}

TEST(DjangoTest, SuggestsTypesAndPlurals) {
  EXPECT_THAT(MustacheForFilter("start|date:\"j. F Y\""), HasSubstr("as TYPE_DATE"));
  EXPECT_THAT(MustacheForFilter("total|floatformat:2"), HasSubstr("as TYPE_NUMBER"));
  EXPECT_THAT(MustacheForFilter("count|pluralize"), HasSubstr("{{#count.one}}"));
  EXPECT_THAT(MustacheForFilter("html|safe"), HasSubstr("{{{html}}}"));
  EXPECT_THAT(MustacheForFilter("a|upper"), EndsWith("pass the finished value instead"));
  EXPECT_THAT(MustacheForFilter("|"), EndsWith("pass the finished value instead"));
  EXPECT_EQ(MustacheForFilter("not a name"), "");
}

TEST(DjangoTest, SuggestsSectionsForBlocks) {
  EXPECT_THAT(MustacheForBlock("{% if course.url %}x"),
              EndsWith(": write {{#course.url}}...{{/course.url}}"));
  EXPECT_THAT(MustacheForBlock("{% if not items %}"), EndsWith(": write {{^items}}...{{/items}}"));
  EXPECT_THAT(MustacheForBlock("{% for item in items %}"), HasSubstr("write {{#items}}"));
  EXPECT_THAT(MustacheForBlock("{% else %}"), HasSubstr("{{^name}}"));
  EXPECT_THAT(MustacheForBlock("{%"), HasSubstr("sections"));
}

TEST(DjangoTest, IsReportedWithItsPlace) {
  const CheckResult result = CheckTemplate(
      {.subject = "{{a|default:a}}", .html = "<p>\n {% if a %}{{a}}{% endif %}", .text = "{{a}}"},
      {{.name = "a"}});
  EXPECT_THAT(result.errors, ElementsAre(Field(&Diagnostic::location, Location{1, 1}),
                                         Field(&Diagnostic::location, Location{2, 2}),
                                         Field(&Diagnostic::location, Location{2, 17})));
}

}  // namespace
}  // namespace lmsmail::render
