#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "libs/category/category.h"
#include "libs/status/error_details.h"

// Lists of categories in the configuration.
namespace lmsmail::dispatch {

std::vector<std::string> NamesOf(const std::set<Category>& categories);
// Ignores names that are no category.
std::set<Category> CategoriesNamed(const std::vector<std::string>& names);
// Adds a violation for `key` for each name that is no category.
void CheckCategories(const std::vector<std::string>& names, std::string_view key,
                     Violations& violations);

}  // namespace lmsmail::dispatch
