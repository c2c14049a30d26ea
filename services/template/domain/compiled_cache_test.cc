#include "services/template/domain/compiled_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"
#include "services/template/testing/sample_content.h"

namespace lmsmail::templates {
namespace {

Version VersionOf(const std::string& text) {
  return MakeVersion(1, SampleContent(text), false, absl::UnixEpoch());
}

TEST(CompiledCacheTest, CompilesEachVersionOnce) {
  CompiledCache cache(2);
  const Version version = VersionOf("a");
  ASSERT_OK_AND_ASSIGN(const auto first, cache.Get(version, version.content.languages[0]));
  EXPECT_THAT(cache.Get(version, version.content.languages[0]), IsOkAndHolds(first));
}

TEST(CompiledCacheTest, EvictsTheLeastRecentlyUsed) {
  CompiledCache cache(2);
  const Version a = VersionOf("a");
  const Version b = VersionOf("b");
  const Version c = VersionOf("c");
  const auto get = [&](const Version& version) {
    return *cache.Get(version, version.content.languages[0]);
  };
  const auto first_a = get(a);
  const auto first_b = get(b);
  EXPECT_EQ(get(a), first_a);
  get(c);
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_EQ(get(a), first_a);
  EXPECT_NE(get(b), first_b);
}

}  // namespace
}  // namespace lmsmail::templates
