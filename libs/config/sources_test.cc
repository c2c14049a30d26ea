#include "libs/config/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lmsmail::config::internal {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

auto Text(const std::string& key, const std::string& text) {
  return AllOf(Field(&RawValue::key, key), Field(&RawValue::kind, RawValue::Kind::kText),
               Field(&RawValue::text, text));
}

TEST(ReadFlagsTest, AcceptsAllThreeForms) {
  Violations errors;
  EXPECT_THAT(ReadFlags({"--a.b=1=2", "--c", "-3", "--d", "--e="}, errors),
              ElementsAre(Text("a.b", "1=2"), Text("c", "-3"),
                          Field(&RawValue::kind, RawValue::Kind::kNoValue), Text("e", "")));
  EXPECT_TRUE(errors.empty());
}

TEST(ReadFlagsTest, RefusesOtherArguments) {
  Violations errors;
  EXPECT_THAT(ReadFlags({"run", "-x", "--"}, errors), IsEmpty());
  EXPECT_THAT(errors.list(), SizeIs(3));
}

TEST(ReadEnvironmentTest, ReadsVariablesWithThePrefixExceptServiceLinks) {
  const char* const environment[] = {"LMSMAIL_DISPATCH_LISTEN=0.0.0.0:1",
                                     "LMSMAIL_TEMPLATE_LISTEN=x",
                                     "PATH=/bin",
                                     "LMSMAIL_DISPATCH_SERVICE_HOST=10.0.0.1",
                                     "LMSMAIL_DISPATCH_SERVICE_PORT_GRPC=7103",
                                     "LMSMAIL_DISPATCH_PORT=tcp://10.0.0.1:7103",
                                     "LMSMAIL_DISPATCH_PORT_7103_TCP_ADDR=10.0.0.1",
                                     "LMSMAIL_DISPATCH_SMTP_PORT=25",
                                     nullptr};
  EXPECT_THAT(ReadEnvironment(environment, "LMSMAIL_DISPATCH_"),
              ElementsAre(Text("LMSMAIL_DISPATCH_LISTEN", "0.0.0.0:1"),
                          Text("LMSMAIL_DISPATCH_SMTP_PORT", "25")));
  EXPECT_THAT(ReadEnvironment(nullptr, "LMSMAIL_"), IsEmpty());
}

TEST(ReadYamlTest, FlattensMapsAndKeepsLines) {
  std::vector<RawValue> values;
  Violations errors;
  ASSERT_TRUE(ReadYaml("f.yaml",
                       "# comment\n"
                       "listen: 0.0.0.0:1\n"
                       "smtp:\n"
                       "  host: mx\n"
                       "  tags: [a, b]\n"
                       "smtp.port: 25\n"
                       "empty:\n",
                       values, errors));
  EXPECT_TRUE(errors.empty());
  ASSERT_THAT(values, SizeIs(5));
  EXPECT_THAT(values[0], Text("listen", "0.0.0.0:1"));
  EXPECT_EQ(values[1].source, "file f.yaml:4");
  EXPECT_THAT(values[2].items, ElementsAre("a", "b"));
  EXPECT_THAT(values[3], Text("smtp.port", "25"));
  EXPECT_EQ(values[4].kind, RawValue::Kind::kNull);
}

TEST(ReadYamlTest, ReadsNothingFromAnEmptyFile) {
  std::vector<RawValue> values;
  Violations errors;
  EXPECT_TRUE(ReadYaml("f.yaml", "", values, errors));
  EXPECT_TRUE(ReadYaml("f.yaml", "# only a comment\n", values, errors));
  EXPECT_THAT(values, IsEmpty());
  EXPECT_TRUE(errors.empty());
}

TEST(ReadYamlTest, RefusesContentThatIsNotAMapOfKeys) {
  std::vector<RawValue> values;
  for (const char* content : {"a: [1\nb: 2\n", "- a\n- b\n", "a: 1\n---\nb: 2\n", "text"}) {
    Violations errors;
    EXPECT_FALSE(ReadYaml("f.yaml", content, values, errors)) << content;
    ASSERT_THAT(errors.list(), SizeIs(1)) << content;
    EXPECT_THAT(errors.list()[0].description, HasSubstr("file f.yaml"));
  }
}

TEST(ReadYamlTest, RefusesNestedItems) {
  std::vector<RawValue> values;
  Violations errors;
  EXPECT_TRUE(ReadYaml("f.yaml", "a:\n  - b: 1\n", values, errors));
  ASSERT_THAT(errors.list(), SizeIs(1));
  EXPECT_EQ(errors.list()[0].field, "a");
  EXPECT_THAT(errors.list()[0].description, HasSubstr("f.yaml:2"));
}

}  // namespace
}  // namespace lmsmail::config::internal
