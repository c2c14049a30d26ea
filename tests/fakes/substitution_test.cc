#include "tests/fakes/substitution.h"

#include <gtest/gtest.h>

namespace lmsmail::fakes {
namespace {

TEST(SubstitutionTest, ReplacesEveryTag) {
  const Substitution greeting("Hi -name-, -name-! -link-", {"-name-", "-link-", ""});
  EXPECT_EQ(greeting.Apply({"Amira", "x", "y"}), "Hi Amira, Amira! x");
  EXPECT_EQ(greeting.Apply({"-link-", "x", "y"}), "Hi -link-, -link-! x");
  EXPECT_EQ(Substitution("plain", {}).Apply({}), "plain");
  EXPECT_EQ(Substitution("", {"a"}).Apply({"b"}), "");
}

TEST(SubstitutionTest, PrefersTheLongestTag) {
  EXPECT_EQ(Substitution("%ab%a", {"%a", "%ab"}).Apply({"1", "2"}), "21");
}

}  // namespace
}  // namespace lmsmail::fakes
