#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libs/language/language_code.h"

namespace lmsmail::language {

// The entry for a reader of `code`, where `code_of` is each entry's BCP 47 code: the one with the
// smallest Distance(), else the first of all. `entries` must not be empty.
template <typename Entry>
const Entry& BestMatch(const std::vector<Entry>& entries, std::string Entry::* code_of,
                       std::string_view code) {
  const Entry* best = &entries.front();
  std::optional<int> shortest;
  for (const Entry& entry : entries) {
    const std::optional<int> distance = Distance(entry.*code_of, code);
    if (!distance || (shortest && *distance >= *shortest)) continue;
    best = &entry;
    shortest = distance;
  }
  return *best;
}

}  // namespace lmsmail::language
