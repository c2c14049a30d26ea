#include "libs/render/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

#include "libs/render/django.h"
#include "libs/render/limits.h"
#include "libs/strings/view.h"

namespace lmsmail::render {
namespace {

constexpr std::size_t kNone = std::string_view::npos;
constexpr std::size_t kMaxTagBytes = 1000;  // comments may be longer

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

std::string_view Trim(std::string_view text) {
  return ToStd(absl::StripAsciiWhitespace(ToAbsl(text)));
}

class Tokenizer {
 public:
  explicit Tokenizer(std::string_view source) : source_(source) {}

  Tokenized Run() && {
    for (std::size_t open; (open = source_.find(open_, position_)) != kNone;) {
      FindBlocks(open);
      MoveTo(open);
      ReadTag(open);
    }
    FindBlocks(source_.size());
    AddText(source_.size());
    return std::move(result_);
  }

 private:
  // A tag's name and where the tag ends; sigil 0 for {{name}}.
  struct Tag {
    char sigil = 0;
    std::string_view content;
    std::size_t end = 0;
  };

  void ReadTag(std::size_t open) {
    const std::optional<Tag> tag = FindTag(open);
    if (!tag) return;
    std::size_t text_end = open;
    std::size_t next = tag->end;
    if (std::string_view("#^/!=").find(tag->sigil) != kNone) {
      if (const auto line = StandaloneLine(open, tag->end)) std::tie(text_end, next) = *line;
    }
    AddText(text_end);
    position_ = next;
    AddTag(*tag);
  }

  // After an error, skips the unreadable text and returns nothing.
  std::optional<Tag> FindTag(std::size_t open) {
    std::size_t begin = open + open_.size();
    Tag tag;
    tag.sigil = ReadSigil(begin);
    std::string close = tag.sigil == '{' ? "}}}" : close_;
    // The limit keeps a source full of unclosed tags from taking quadratic time.
    const std::string_view source =
        tag.sigil == '!' ? source_ : source_.substr(0, begin + kMaxTagBytes);
    if (tag.sigil == '=' && source.find("=" + close_, begin) != kNone) close = "=" + close_;
    const std::size_t end = source.find(close, begin);
    if (end == kNone) {
      Fail(fmt::format("the tag is never closed: {} is missing", Quote(close)));
      AddText(open);
      position_ = tag.sigil == '!' ? source_.size() : begin;
      return std::nullopt;
    }
    tag.content = source.substr(begin, end - begin);
    tag.end = end + close.size();
    const std::size_t inner = tag.content.find(open_);
    if (inner != kNone && tag.sigil != '!' && tag.sigil != '=') {
      Fail(fmt::format("the tag is not closed before the next {}: {} is missing", Quote(open_),
                       Quote(close)));
      AddText(open);
      position_ = begin + inner;
      return std::nullopt;
    }
    if (tag.sigil == '=' && close.front() != '=') tag.content = {};
    return tag;
  }

  // Moves `begin` from the end of the opening delimiter to the start of the name.
  char ReadSigil(std::size_t& begin) const {
    if (open_ == "{{" && close_ == "}}" && source_.substr(begin, 1) == "{") {
      ++begin;
      return '{';
    }
    while (begin < source_.size() && absl::ascii_isspace(source_[begin])) ++begin;
    constexpr std::string_view kSigils = "#^/>&!=<$";
    if (begin == source_.size() || kSigils.find(source_[begin]) == kNone) return 0;
    return source_[begin++];
  }

  void AddTag(const Tag& tag) {
    const std::string_view name = Trim(tag.content);
    switch (tag.sigil) {
      case '!':
        return;
      case '=':
        return ChangeDelimiters(name);
      case '<':
      case '$':
        return Fail("template inheritance ({{<parent}}, {{$block}}) is not supported");
      case '>':
        return Fail("partials ({{>name}}) are not supported: write the partial's text here");
      case '#':
        return AddNamed(TokenKind::kSection, name);
      case '^':
        return AddNamed(TokenKind::kInverted, name);
      case '/':
        return AddNamed(TokenKind::kClose, name);
      case '{':
      case '&':
        return AddNamed(TokenKind::kUnescaped, name);
      default:
        return AddNamed(TokenKind::kVariable, name);
    }
  }

  void AddNamed(TokenKind kind, std::string_view name) {
    if (name.empty()) return Fail("the tag has no name");
    if (name != "." && !IsVariableName(name)) {
      const std::string remedy = MustacheForFilter(name);
      Fail(!remedy.empty()
               ? remedy
               : fmt::format("{} is not a variable's name: use letters, digits, '_' and '-', and "
                             "'.' before a field",
                             Quote(name)));
      // A section's tag stays, because it may match the section's other tag.
      if (kind == TokenKind::kVariable || kind == TokenKind::kUnescaped) return;
    }
    result_.tokens.push_back({kind, std::string(name), location_});
  }

  // Reports what is Django's in the text before `end`.
  void FindBlocks(std::size_t end) {
    constexpr std::string_view kBlock = "{%";
    if (open_ == kBlock) return;
    for (std::size_t at = position_; (at = source_.substr(0, end).find(kBlock, at)) != kNone;) {
      if (result_.errors.size() == kMaxErrors) return;
      MoveTo(at);
      Fail(MustacheForBlock(source_.substr(at, kMaxTagBytes)));
      at += kBlock.size();
    }
  }

  void AddText(std::size_t end) {
    if (end <= position_) return;
    const std::string_view text = source_.substr(position_, end - position_);
    result_.tokens.push_back({TokenKind::kText, std::string(text), {}});
    position_ = end;
  }

  void ChangeDelimiters(std::string_view pair) {
    const std::vector<std::string> words =
        absl::StrSplit(ToAbsl(pair), absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty());
    if (words.size() != 2 || pair.find('=') != kNone) {
      return Fail("a delimiter change is two words without '=', such as {{=<% %>=}}");
    }
    open_ = words[0];
    close_ = words[1];
  }

  // The starts of this line and the next, when only blanks surround [open, end).
  std::optional<std::pair<std::size_t, std::size_t>> StandaloneLine(std::size_t open,
                                                                    std::size_t end) const {
    std::size_t begin = open;
    while (begin > position_ && IsBlank(source_[begin - 1])) --begin;
    if (begin != 0 && source_[begin - 1] != '\n') return std::nullopt;
    while (end < source_.size() && IsBlank(source_[end])) ++end;
    if (end == source_.size()) return std::pair(begin, end);
    if (source_.substr(end).starts_with("\r\n")) return std::pair(begin, end + 2);
    if (source_[end] == '\n') return std::pair(begin, end + 1);
    return std::nullopt;
  }

  void MoveTo(std::size_t offset) {
    for (; counted_ < offset; ++counted_) {
      const auto c = static_cast<unsigned char>(source_[counted_]);
      if (c == '\n') {
        location_ = {location_.line + 1, 1};
      } else if ((c & 0xC0) != 0x80) {  // not a continuation byte of UTF-8
        ++location_.column;
      }
    }
  }

  void Fail(std::string message) {
    if (result_.errors.size() < kMaxErrors)
      result_.errors.push_back({location_, std::move(message)});
  }

  const std::string_view source_;
  std::string open_ = "{{";
  std::string close_ = "}}";
  std::size_t position_ = 0;  // everything before it is in result_
  std::size_t counted_ = 0;   // everything before it is counted in location_
  Location location_{1, 1};   // of the tag being read
  Tokenized result_;
};

}  // namespace

Tokenized Tokenize(std::string_view source) { return Tokenizer(source).Run(); }

bool IsVariableName(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes) return false;
  bool segment_empty = true;
  for (const char c : name) {
    if (c == '.') {
      if (segment_empty) return false;
      segment_empty = true;
    } else if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-') {
      segment_empty = false;
    } else {
      return false;
    }
  }
  return !segment_empty;
}

}  // namespace lmsmail::render
