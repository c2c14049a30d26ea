#pragma once

#include <string_view>

namespace lmsmail::person_name {

// What titles.txt says about a word.
enum class WordKind { kTitle, kGiven, kAfter, kSuffix, kPrefix, kArticle, kGroup, kPlaceholder };

// Whether `word`, in any case, is of that kind. Words can be of several.
bool IsA(WordKind kind, std::string_view word);

}  // namespace lmsmail::person_name
