#include "libs/person_name/given_name.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"

#include "libs/address/normalization.h"
#include "libs/person_name/titles.h"
#include "libs/strings/utf8.h"

namespace lmsmail::person_name {
namespace {

using Words = std::vector<std::string>;

std::vector<char32_t> CodePoints(std::string_view text) {
  std::vector<char32_t> points;
  while (!text.empty()) {
    const auto point = FirstCodePoint(text);
    if (!point) break;
    points.push_back(point->value);
    text.remove_prefix(point->size);
  }
  return points;
}

UChar32 Icu(char32_t c) { return static_cast<UChar32>(c); }
bool IsLetter(char32_t c) { return u_isalpha(Icu(c)) != 0; }
bool IsCased(char32_t c) { return u_tolower(Icu(c)) != u_toupper(Icu(c)); }
bool IsComma(char32_t c) { return c == ',' || c == U'،' || c == U'，'; }
bool IsOpening(char32_t c) { return c == '(' || c == '[' || c == '{' || c == '<'; }
bool IsClosing(char32_t c) { return c == ')' || c == ']' || c == '}' || c == '>'; }

bool IsWhollyWritten(char32_t c) {
  UErrorCode status = U_ZERO_ERROR;
  switch (uscript_getScript(Icu(c), &status)) {
    case USCRIPT_HAN:
    case USCRIPT_HANGUL:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
      return true;
    default:
      return false;
  }
}

template <typename Matches>
bool HasAny(std::string_view text, Matches matches) {
  return std::ranges::any_of(CodePoints(text), matches);
}

// Removes quotes and other punctuation around a word, but not the dot behind it.
std::string Trimmed(std::string_view word) {
  const auto keeps = [](char32_t c) { return IsLetter(c) || u_isdigit(Icu(c)) != 0; };
  std::size_t begin = word.size();
  std::size_t end = 0;
  for (std::size_t at = 0; at < word.size();) {
    const auto point = FirstCodePoint(word.substr(at));
    if (!point) break;
    const bool is_mark = u_charType(Icu(point->value)) == U_NON_SPACING_MARK ||
                         u_charType(Icu(point->value)) == U_COMBINING_SPACING_MARK;
    if (keeps(point->value)) begin = std::min(begin, at);
    if (keeps(point->value) || (is_mark && end == at)) end = at + point->size;
    at += point->size;
  }
  if (begin >= end || !HasAny(word, IsLetter)) return "";
  if (end < word.size() && word[end] == '.') ++end;
  return std::string(word.substr(begin, end - begin));
}

// "Dr.Ines" are two words, "Dott.ssa" is one.
void AddWord(std::string word, Words& words) {
  for (std::size_t dot = word.find('.');
       dot != std::string::npos && dot + 1 < word.size() && !IsA(WordKind::kTitle, word) &&
       !IsA(WordKind::kAfter, word) && !IsA(WordKind::kSuffix, word) &&
       IsA(WordKind::kTitle, word.substr(0, dot + 1));
       dot = word.find('.')) {
    words.push_back(word.substr(0, dot + 1));
    word.erase(0, dot + 1);
  }
  if (!word.empty()) words.push_back(std::move(word));
}

std::string WithoutBrackets(std::string_view name) {
  std::string kept;
  int depth = 0;
  for (std::string_view rest = name; !rest.empty();) {
    const auto point = FirstCodePoint(rest);
    if (!point) break;
    if (IsOpening(point->value)) ++depth;
    if (depth == 0) kept.append(rest.substr(0, point->size));
    if (IsClosing(point->value) && depth > 0) {
      --depth;
      if (depth == 0) kept += ' ';
    }
    rest.remove_prefix(point->size);
  }
  return kept;
}

// The words of the parts between commas; a first part without words is left out.
std::vector<Words> Parts(std::string_view name) {
  std::vector<Words> parts(1);
  std::string word;
  const auto end_word = [&] { AddWord(Trimmed(std::exchange(word, "")), parts.back()); };
  for (std::string_view rest = name; !rest.empty();) {
    const auto point = FirstCodePoint(rest);
    if (!point) break;
    const bool comma = IsComma(point->value);
    if (comma || address::IsSpace(point->value)) {
      end_word();
      if (comma && !(parts.size() == 1 && parts[0].empty())) parts.emplace_back();
    } else {
      word.append(rest.substr(0, point->size));
    }
    rest.remove_prefix(point->size);
  }
  end_word();
  return parts;
}

// "J.", "J.R.R." and "J", but not the one letter of a script without cases.
bool IsInitials(std::string_view word) {
  std::size_t letters = 0;
  for (const char32_t c : CodePoints(word)) {
    if (c == '.') {
      letters = 0;
    } else if (++letters > 1 || !IsCased(c)) {
      return false;
    }
  }
  return true;
}

// Where the given name begins in "HADDAD Amira" and "DE LA CRUZ Juan". Two capitals may be
// initials.
Words::const_iterator AfterCapitals(const Words& words) {
  std::size_t capitals = 0;
  const auto lower = std::ranges::find_if(words, [&](const std::string& word) {
    const std::vector<char32_t> points = CodePoints(word);
    if (std::ranges::none_of(points, [](char32_t c) { return u_isupper(Icu(c)) != 0; }) ||
        std::ranges::any_of(points, [](char32_t c) { return u_islower(Icu(c)) != 0; })) {
      return true;
    }
    capitals += points.size();
    return false;
  });
  return lower == words.end() || capitals <= 2 ? words.begin() : lower;
}

// User names, numbers and addresses of pages.
bool IsNoWordOfAName(std::string_view word) {
  if (word.find('.') < word.size() - 1) return true;
  return HasAny(
      word, [](char32_t c) { return u_isdigit(Icu(c)) != 0 || c == '_' || c == '/' || c == ':'; });
}

struct Stripped {
  bool title = false;  // a title stood before the words
  bool given = false;  // one that stands before given names
};

Stripped StripTitles(Words& words) {
  Stripped stripped;
  auto word = words.begin();
  for (; word != words.end(); ++word) {
    const bool given = IsA(WordKind::kGiven, *word);
    if (!given && !IsA(WordKind::kTitle, *word) &&
        !(stripped.title && IsA(WordKind::kAfter, *word)) &&
        !(stripped.title && (*word == "and" || *word == "und" || *word == "et" || *word == "y"))) {
      break;
    }
    stripped.title = true;
    stripped.given = given;
  }
  words.erase(words.begin(), word);
  return stripped;
}

void StripSuffixes(Words& words) {
  while (words.size() > 1 && IsA(WordKind::kSuffix, words.back())) words.pop_back();
}

bool AllAre(const Words& words, WordKind kind) {
  return std::ranges::all_of(words, [kind](const std::string& word) { return IsA(kind, word); });
}

// The first name of `words`. `complete` tells that a family name is among them, which is not to be
// used alone.
std::string FirstName(Words words, bool complete) {
  const std::size_t all = words.size();
  words.erase(words.begin(), std::ranges::find_if_not(words, IsInitials));
  if (complete && words.size() == 1 && all > 1) return "";
  words.erase(words.cbegin(), AfterCapitals(words));
  if (words.empty() || IsNoWordOfAName(words.front())) return "";
  std::string name = words.front();
  if (IsA(WordKind::kPrefix, words.front()) && words.size() > 1) {
    name += " " + words[1];
    if (IsA(WordKind::kArticle, words[1]) && words.size() > 2) name += " " + words[2];
  }
  if (name.ends_with('.')) name.pop_back();
  return name;
}

std::string WholeName(const std::vector<Words>& parts) {
  Words words;
  for (const Words& part : parts) words.insert(words.end(), part.begin(), part.end());
  return absl::StrJoin(words, " ");
}

}  // namespace

std::string GivenNameOf(std::string_view full_name) {
  const std::string name = WithoutBrackets(address::WithoutInvisible(full_name));
  if (name.find('@') != std::string::npos) return "";
  std::vector<Words> parts = Parts(name);
  if (HasAny(name, IsWhollyWritten)) return WholeName(parts);
  bool family_name_alone = false;  // "Albrecht, Dr." and "Albrecht,"
  for (auto part = parts.begin(); part != parts.end();) {
    if (std::ranges::any_of(*part, [](const auto& word) { return IsA(WordKind::kGroup, word); })) {
      return "";
    }
    Words rest = *part;
    StripTitles(rest);
    if (part == parts.begin() || !(rest.empty() || AllAre(rest, WordKind::kSuffix))) {
      ++part;
      continue;
    }
    family_name_alone = family_name_alone || rest.empty();
    part = parts.erase(part);
  }
  const bool given_last = parts.size() > 1;
  Words words = given_last ? parts[1] : parts[0];
  if (AllAre(words, WordKind::kPlaceholder)) return "";
  const Stripped stripped = StripTitles(words);
  StripSuffixes(words);
  family_name_alone = family_name_alone || (stripped.title && !stripped.given);
  if (!given_last && family_name_alone && words.size() == 1) return "";
  return FirstName(std::move(words), !given_last);
}

bool IsNoName(std::string_view given_name) {
  if (given_name.find('@') != std::string_view::npos) return true;
  Words words = Parts(address::WithoutInvisible(given_name)).front();
  StripTitles(words);
  return words.empty();
}

}  // namespace lmsmail::person_name
