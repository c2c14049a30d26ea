#include "libs/person_name/titles.h"

#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include "embedded/lmsmail_person_name_titles.h"

#include "libs/address/normalization.h"

namespace lmsmail::person_name {
namespace {

using Table = std::set<std::pair<WordKind, std::string>, std::less<>>;

const Table& Titles() {
  static const Table& table = *[] {
    const std::map<std::string, WordKind> kinds = {
        {"title", WordKind::kTitle},   {"given", WordKind::kGiven},
        {"after", WordKind::kAfter},   {"suffix", WordKind::kSuffix},
        {"prefix", WordKind::kPrefix}, {"article", WordKind::kArticle},
        {"group", WordKind::kGroup},   {"placeholder", WordKind::kPlaceholder}};
    auto words = std::make_unique<Table>();
    std::istringstream lines(kPersonNameTitles);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream fields(line);
      std::string kind;
      fields >> kind;
      const auto found = kinds.find(kind);
      if (found == kinds.end()) continue;  // a comment or an empty line
      for (std::string word; fields >> word;) {
        words->emplace(found->second, address::FoldCase(word));
      }
    }
    return words.release();  // never destroyed
  }();
  return table;
}

}  // namespace

bool IsA(WordKind kind, std::string_view word) {
  std::string folded = address::FoldCase(word);
  if (Titles().contains(std::pair(kind, folded))) return true;
  if (!folded.ends_with('.')) return false;
  folded.pop_back();
  return Titles().contains(std::pair(kind, folded));
}

}  // namespace lmsmail::person_name
