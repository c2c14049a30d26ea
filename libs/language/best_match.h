#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libs/language/language_code.h"

namespace lmsmail::language {

// The entry for a reader of `code`, where `code_of` is each entry's BCP 47 code: for "pt-BR" that
// is "pt-BR", else "pt", else the first entry in any kind of Portuguese, else the first of all.
// Case does not matter. `entries` must not be empty.
template <typename Entry>
const Entry& BestMatch(const std::vector<Entry>& entries, std::string Entry::* code_of,
                       std::string_view code) {
  const Entry* best = &entries.front();
  Closeness closeness = Closeness::kNone;
  for (const Entry& entry : entries) {
    const Closeness found = ClosenessOf(entry.*code_of, code);
    if (found <= closeness) continue;
    best = &entry;
    closeness = found;
  }
  return *best;
}

}  // namespace lmsmail::language
