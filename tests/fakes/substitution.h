#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lmsmail::fakes {

// A text in which tags are replaced by the values of each recipient. The tags are found once,
// because the recipients of a request nearly always have the same ones. Of tags that begin at the
// same place, the longest counts.
class Substitution {
 public:
  Substitution(std::string_view text, const std::vector<std::string>& tags);

  // `values` has the value of each tag.
  std::string Apply(const std::vector<std::string_view>& values) const;

 private:
  struct Piece {
    std::string text;
    size_t tag;  // follows the text; the number of tags for none
  };

  std::vector<Piece> pieces_;
};

}  // namespace lmsmail::fakes
