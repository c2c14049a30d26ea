#include "services/gateway/inbox/html_preview.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lmsmail::gateway {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(HtmlPreviewTest, DecidesTheMediaFeature) {
  EXPECT_THAT(PreviewOf("@media (prefers-color-scheme: dark) {}", true),
              StartsWith("@media (min-width: 0) {}"));
  EXPECT_THAT(PreviewOf("@media (prefers-color-scheme: dark) {}", false),
              StartsWith("@media (max-width: 0) {}"));
  EXPECT_THAT(PreviewOf("@media (PREFERS-color-scheme:\n Light) {}", false),
              StartsWith("@media (min-width: 0) {}"));
}

TEST(HtmlPreviewTest, LeavesTheRest) {
  for (const char* html : {"", "<p>prefers-color</p>", "prefers-color-scheme",
                           "(prefers-color-scheme)", "(prefers-color-scheme:)"}) {
    EXPECT_THAT(PreviewOf(html, true),
                AllOf(StartsWith(html), HasSubstr("<base target=\"_blank\">"),
                      HasSubstr("color-scheme: only dark")))
        << html;
  }
}

}  // namespace
}  // namespace lmsmail::gateway
