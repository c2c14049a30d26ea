#include "services/dispatch/message/category_list.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lmsmail::dispatch {

std::vector<std::string> NamesOf(const std::set<Category>& categories) {
  std::vector<std::string> names;
  for (const Category category : categories) names.emplace_back(NameOf(category));
  return names;
}

std::set<Category> CategoriesNamed(const std::vector<std::string>& names) {
  std::set<Category> categories;
  for (const std::string& name : names) {
    if (const auto category = CategoryNamed(name)) categories.insert(*category);
  }
  return categories;
}

void CheckCategories(const std::vector<std::string>& names, std::string_view key,
                     Violations& violations) {
  for (const std::string& name : names) {
    if (CategoryNamed(name)) continue;
    violations.Add(std::string(key),
                   fmt::format("\"{}\" is not a category; the categories are {}", name,
                               fmt::join(NamesOf({kCategories.begin(), kCategories.end()}), ", ")));
  }
}

}  // namespace lmsmail::dispatch
