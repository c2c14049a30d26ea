#pragma once

#include <array>
#include <cstdint>

namespace lmsmail::preference {

// What a mail is about. The numbers are those of lmsmail.type.v1.Category; the database stores
// them.
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

// What a recipient decides about: every category that is not mandatory.
inline constexpr std::array kOptionalCategories = {Category::kDemo, Category::kProgress,
                                                   Category::kContent, Category::kAnnouncement};

// Needs no consent and knows no quiet hours: it answers something the student did, and leaving it
// out would hide a fact the student has a right to.
constexpr bool IsMandatory(Category category) {
  return category == Category::kEnrollment || category == Category::kPayment;
}

}  // namespace lmsmail::preference
