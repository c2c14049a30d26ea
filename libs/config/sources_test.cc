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
  return AllOf(Field(&Given::key, key), Field(&Given::kind, Given::Kind::kText),
               Field(&Given::text, text));
}

TEST(ReadFlagsTest, TakesAllThreeForms) {
  Violations faults;
  EXPECT_THAT(ReadFlags({"--a.b=1=2", "--c", "-3", "--d", "--e="}, faults),
              ElementsAre(Text("a.b", "1=2"), Text("c", "-3"),
                          Field(&Given::kind, Given::Kind::kBare), Text("e", "")));
  EXPECT_TRUE(faults.empty());
}

TEST(ReadFlagsTest, RefusesOtherArguments) {
  Violations faults;
  EXPECT_THAT(ReadFlags({"run", "-x", "--"}, faults), IsEmpty());
  EXPECT_THAT(faults.list(), SizeIs(3));
}

TEST(ReadEnvironmentTest, TakesWhatHasThePrefixAndLeavesServiceLinksOut) {
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
  std::vector<Given> givens;
  Violations faults;
  ASSERT_TRUE(ReadYaml("f.yaml",
                       "# comment\n"
                       "listen: 0.0.0.0:1\n"
                       "smtp:\n"
                       "  host: mx\n"
                       "  tags: [a, b]\n"
                       "smtp.port: 25\n"
                       "empty:\n",
                       givens, faults));
  EXPECT_TRUE(faults.empty());
  ASSERT_THAT(givens, SizeIs(5));
  EXPECT_THAT(givens[0], Text("listen", "0.0.0.0:1"));
  EXPECT_EQ(givens[1].source, "file f.yaml:4");
  EXPECT_THAT(givens[2].items, ElementsAre("a", "b"));
  EXPECT_THAT(givens[3], Text("smtp.port", "25"));
  EXPECT_EQ(givens[4].kind, Given::Kind::kNothing);
}

TEST(ReadYamlTest, AnEmptyFileGivesNothing) {
  std::vector<Given> givens;
  Violations faults;
  EXPECT_TRUE(ReadYaml("f.yaml", "", givens, faults));
  EXPECT_TRUE(ReadYaml("f.yaml", "# only a comment\n", givens, faults));
  EXPECT_THAT(givens, IsEmpty());
  EXPECT_TRUE(faults.empty());
}

TEST(ReadYamlTest, ReportsWhatIsNotAMapOfKeys) {
  std::vector<Given> givens;
  for (const char* content : {"a: [1\nb: 2\n", "- a\n- b\n", "a: 1\n---\nb: 2\n", "text"}) {
    Violations faults;
    EXPECT_FALSE(ReadYaml("f.yaml", content, givens, faults)) << content;
    ASSERT_THAT(faults.list(), SizeIs(1)) << content;
    EXPECT_THAT(faults.list()[0].description, HasSubstr("file f.yaml"));
  }
}

TEST(ReadYamlTest, ReportsNestedItems) {
  std::vector<Given> givens;
  Violations faults;
  EXPECT_TRUE(ReadYaml("f.yaml", "a:\n  - b: 1\n", givens, faults));
  ASSERT_THAT(faults.list(), SizeIs(1));
  EXPECT_EQ(faults.list()[0].field, "a");
  EXPECT_THAT(faults.list()[0].description, HasSubstr("f.yaml:2"));
}

}  // namespace
}  // namespace lmsmail::config::internal
