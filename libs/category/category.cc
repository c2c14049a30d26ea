#include "libs/category/category.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>

#include "absl/strings/ascii.h"

#include "lmsmail/type/v1/mail.pb.h"

namespace lmsmail {
namespace {

namespace pb = lmsmail::type::v1;

struct CategoryRow {
  CategoryPolicy policy;
  std::string name;
};

constexpr std::string_view kPrefix = "CATEGORY_";

CategoryRow ReadRow(Category category) {
  const google::protobuf::EnumValueDescriptor& value =
      *pb::Category_descriptor()->FindValueByNumber(static_cast<int>(category));
  const pb::CategoryPolicy& policy = value.options().GetExtension(pb::category_policy);
  return {.policy = {.mandatory = policy.mandatory(),
                     .default_lane = static_cast<Lane>(policy.default_lane()),
                     .default_lifetime = absl::Seconds(policy.default_lifetime().seconds()),
                     .resend_when_uncertain = policy.resend_when_uncertain()},
          .name = absl::AsciiStrToLower(value.name().substr(kPrefix.size()))};
}

std::array<CategoryRow, kCategories.size()> ReadRows() {
  std::array<CategoryRow, kCategories.size()> rows;
  std::ranges::transform(kCategories, rows.begin(), ReadRow);
  return rows;
}

const CategoryRow& Row(Category category) {
  static const std::array rows = ReadRows();
  return rows[static_cast<std::size_t>(category) - 1];
}

std::vector<Category> ReadOptionalCategories() {
  std::vector<Category> categories;
  std::ranges::copy_if(kCategories, std::back_inserter(categories),
                       [](Category each) { return !PolicyOf(each).mandatory; });
  return categories;
}

}  // namespace

const CategoryPolicy& PolicyOf(Category category) { return Row(category).policy; }

const std::vector<Category>& OptionalCategories() {
  static const std::vector<Category> categories = ReadOptionalCategories();
  return categories;
}

std::string_view NameOf(Category category) { return Row(category).name; }

std::string_view NameOf(Lane lane) {
  switch (lane) {
    case Lane::kCritical:
      return "critical";
    case Lane::kTransactional:
      return "transactional";
    case Lane::kNotification:
      return "notification";
    case Lane::kBulk:
      return "bulk";
  }
  return "";
}

std::optional<Category> CategoryNamed(std::string_view name) {
  const auto* const found =
      std::ranges::find(kCategories, name, [](Category each) { return NameOf(each); });
  if (found == kCategories.end()) return std::nullopt;
  return *found;
}

}  // namespace lmsmail
