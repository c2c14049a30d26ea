#include "services/gateway/inbox/color_scheme.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lmsmail::gateway {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(ColorSchemeTest, DecidesTheMediaFeature) {
  EXPECT_THAT(WithColorScheme("@media (prefers-color-scheme: dark) {}", true),
              StartsWith("@media (min-width: 0) {}"));
  EXPECT_THAT(WithColorScheme("@media (prefers-color-scheme: dark) {}", false),
              StartsWith("@media (max-width: 0) {}"));
  EXPECT_THAT(WithColorScheme("@media (PREFERS-color-scheme:\n Light) {}", false),
              StartsWith("@media (min-width: 0) {}"));
}

TEST(ColorSchemeTest, LeavesTheRest) {
  for (const char* html : {"", "<p>prefers-color</p>", "prefers-color-scheme",
                           "(prefers-color-scheme)", "(prefers-color-scheme:)"}) {
    EXPECT_THAT(WithColorScheme(html, true),
                AllOf(StartsWith(html), HasSubstr("color-scheme: only dark")))
        << html;
  }
}

}  // namespace
}  // namespace lmsmail::gateway
