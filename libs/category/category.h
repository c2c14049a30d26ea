#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

// The categories and lanes of mail, and the one table of how each category is treated: the options
// on lmsmail.type.v1.Category. Numbers equal those of the proto and are stored: never renumber.
namespace lmsmail {

enum class Category : std::int16_t {
  kEnrollment = 1,
  kPayment = 2,
  kDemo = 3,
  kProgress = 4,
  kContent = 5,
  kAnnouncement = 6,
};
inline constexpr std::array kCategories = {Category::kEnrollment, Category::kPayment,
                                           Category::kDemo,       Category::kProgress,
                                           Category::kContent,    Category::kAnnouncement};

enum class Lane : std::int16_t { kCritical = 1, kTransactional = 2, kNotification = 3, kBulk = 4 };
inline constexpr std::array kLanes = {Lane::kCritical, Lane::kTransactional, Lane::kNotification,
                                      Lane::kBulk};

// See lmsmail.type.v1.CategoryPolicy.
struct CategoryPolicy {
  bool mandatory = false;
  Lane default_lane = Lane::kBulk;
  absl::Duration default_lifetime;
  bool resend_when_uncertain = false;
};

const CategoryPolicy& PolicyOf(Category category);

// What a recipient decides about: every category that is not mandatory.
const std::vector<Category>& OptionalCategories();

// In metrics, configuration and headers: "enrollment", "bulk".
std::string_view NameOf(Category category);
std::string_view NameOf(Lane lane);
std::optional<Category> CategoryNamed(std::string_view name);

}  // namespace lmsmail
