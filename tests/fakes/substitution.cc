#include "tests/fakes/substitution.h"

#include <array>

namespace lmsmail::fakes {

Substitution::Substitution(std::string_view text, const std::vector<std::string>& tags) {
  std::array<bool, 256> begins{};
  for (const std::string& tag : tags) {
    if (!tag.empty()) begins[static_cast<unsigned char>(tag.front())] = true;
  }
  size_t start = 0;
  for (size_t at = 0; at < text.size();) {
    size_t longest = tags.size();
    if (begins[static_cast<unsigned char>(text[at])]) {
      for (size_t i = 0; i < tags.size(); ++i) {
        if (tags[i].empty() || !text.substr(at).starts_with(tags[i])) continue;
        if (longest == tags.size() || tags[i].size() > tags[longest].size()) longest = i;
      }
    }
    if (longest == tags.size()) {
      ++at;
      continue;
    }
    pieces_.push_back({std::string(text.substr(start, at - start)), longest});
    at += tags[longest].size();
    start = at;
  }
  pieces_.push_back({std::string(text.substr(start)), tags.size()});
}

std::string Substitution::Apply(const std::vector<std::string_view>& values) const {
  std::string result;
  for (const Piece& piece : pieces_) {
    result += piece.text;
    if (piece.tag < values.size()) result += values[piece.tag];
  }
  return result;
}

}  // namespace lmsmail::fakes
