#include "services/template/api/resource_names.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace lmsmail::templates {
namespace {

TEST(ResourceNamesTest, ParsesVersionNames) {
  using Kind = VersionSelector::Kind;
  const auto selector = [](std::string_view version) -> std::optional<VersionSelector> {
    const auto parsed = ParseVersionName("templates/a/versions/" + std::string(version));
    if (!parsed) return std::nullopt;
    return parsed->version;
  };
  EXPECT_EQ(selector("12"), (VersionSelector{Kind::kNumber, 12}));
  EXPECT_EQ(selector("published"), VersionSelector{Kind::kPublished});
  EXPECT_EQ(selector("latest"), VersionSelector{Kind::kLatest});
  for (const char* version : {"", "0", "01", "-1", "+1", "1.0", "99999999999", "newest"}) {
    EXPECT_EQ(selector(version), std::nullopt) << version;
  }
  EXPECT_EQ(ParseVersionName("templates/a"), std::nullopt);
}

}  // namespace
}  // namespace lmsmail::templates
