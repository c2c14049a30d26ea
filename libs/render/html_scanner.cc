#include "libs/render/html_scanner.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"

#include "libs/strings/view.h"

namespace lmsmail::render {
namespace {

constexpr char kVariable = '\x01';
// How much of a value is kept, without blanks: its beginning says what kind of URL it is.
constexpr std::size_t kMaxValue = 2000;
constexpr std::size_t kMaxPending = 200;  // conditions and names of elements are shorter

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
char Lower(char c) { return absl::ascii_tolower(static_cast<unsigned char>(c)); }

template <std::size_t N>
bool Contains(const std::string_view (&names)[N], std::string_view name) {
  return std::ranges::find(names, name) != std::end(names);
}

bool HasRawContent(std::string_view element) {
  constexpr std::string_view kElements[] = {"style", "script", "title",   "textarea",
                                            "xmp",   "iframe", "noembed", "noframes"};
  return Contains(kElements, element);
}

// The character that the reference at the start of `text`, after "&", stands for; the characters of
// it that were read are removed. 0 for none.
char TakeReference(std::string_view& text) {
  constexpr std::pair<std::string_view, char> kNames[] = {
      {"colon;", ':'}, {"Tab;", '\t'}, {"NewLine;", '\n'}, {"amp;", '&'}, {"sol;", '/'}};
  for (const auto& [name, c] : kNames) {
    if (!text.starts_with(name)) continue;
    text.remove_prefix(name.size());
    return c;
  }
  if (!text.starts_with('#')) return 0;
  const bool hex = text.size() > 1 && Lower(text[1]) == 'x';
  const char* const begin = text.data() + (hex ? 2 : 1);
  unsigned code = 0;
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), code, hex ? 16 : 10);
  if (error != std::errc() || code >= 0x80) return 0;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.starts_with(';')) text.remove_prefix(1);
  return static_cast<char>(code);
}

// As browsers read a URL: references are decoded, blanks and control characters left out.
std::string DecodedUrl(std::string_view value) {
  std::string out;
  while (!value.empty()) {
    char c = value.front();
    value.remove_prefix(1);
    if (c == '&') {
      if (const char decoded = TakeReference(value); decoded != 0) c = decoded;
    }
    if (c > ' ' || c == kVariable || (c & 0x80) != 0) out += c;
  }
  return out;
}

bool RunsScript(std::string_view url) {
  const std::string start = absl::AsciiStrToLower(ToAbsl(url.substr(0, 32)));
  if (start.starts_with("data:")) return !start.starts_with("data:image/");
  return start.starts_with("javascript:") || start.starts_with("vbscript:");
}

}  // namespace

bool IsReadByPeople(std::string_view attribute) {
  constexpr std::string_view kNames[] = {"alt",   "title",   "aria-label", "aria-description",
                                         "label", "summary", "abbr",       "placeholder"};
  return Contains(kNames, attribute);
}

bool IsUrlAttribute(std::string_view attribute) {
  constexpr std::string_view kNames[] = {"href", "src",  "action",   "formaction", "background",
                                         "cite", "data", "longdesc", "poster",     "xlink:href"};
  return Contains(kNames, attribute);
}

void HtmlScanner::Feed(std::string_view text) {
  for (const char c : text) Next(c);
}

void HtmlScanner::FeedValue() {
  switch (state_) {
    case State::kBeforeValue:
      state_ = State::kUnquoted;
      value_.assign(1, kVariable);
      break;
    case State::kQuoted:
    case State::kUnquoted:
      AddToValue(kVariable);
      break;
    case State::kTagOpen:
      state_ = State::kTagName;
      element_.clear();
      break;
    case State::kBeforeName:
      state_ = State::kName;
      attribute_.clear();
      break;
    default:
      break;
  }
}

HtmlPlace HtmlScanner::place() const {
  switch (state_) {
    case State::kText:
      return HtmlPlace::kText;
    case State::kTagOpen:
    case State::kTagName:
    case State::kBeforeName:
    case State::kName:
      return HtmlPlace::kTag;
    case State::kBeforeValue:
    case State::kUnquoted:
      return HtmlPlace::kUnquotedValue;
    case State::kQuoted:
      return HtmlPlace::kQuotedValue;
    case State::kMarkup:
    case State::kComment:
    case State::kBogus:
      return HtmlPlace::kComment;
    case State::kRaw:
      if (element_ == "title" || element_ == "textarea") return HtmlPlace::kText;
      return element_ == "style" ? HtmlPlace::kStyle : HtmlPlace::kScript;
  }
  return HtmlPlace::kText;
}

std::string_view HtmlScanner::attribute() const {
  const HtmlPlace at = place();
  const bool in_value = at == HtmlPlace::kQuotedValue || at == HtmlPlace::kUnquotedValue;
  return in_value ? std::string_view(attribute_) : "";
}

std::string HtmlScanner::UrlSoFar() const { return DecodedUrl(value_); }

std::vector<std::string> HtmlScanner::TakeScriptUrls() { return std::exchange(script_urls_, {}); }

void HtmlScanner::Next(char c) {
  switch (state_) {
    case State::kText:
      if (c == '<') state_ = State::kTagOpen;
      return;
    case State::kTagOpen:
      return InTagOpen(c);
    case State::kTagName:
    case State::kBeforeName:
    case State::kName:
    case State::kBeforeValue:
    case State::kQuoted:
    case State::kUnquoted:
      return InTag(c);
    case State::kMarkup:
      pending_ += c;
      if (pending_ == "--") {
        state_ = State::kComment;
        pending_.clear();
        may_be_condition_ = true;
      } else if (pending_ != "-") {
        state_ = c == '>' ? State::kText : State::kBogus;
      }
      return;
    case State::kComment:
      return InComment(c);
    case State::kBogus:
      if (c == '>') state_ = State::kText;
      return;
    case State::kRaw:
      return InRaw(c);
  }
}

void HtmlScanner::InTagOpen(char c) {
  if (c == '/' && !closing_) {
    closing_ = true;
    return;
  }
  if (absl::ascii_isalpha(static_cast<unsigned char>(c))) {
    state_ = State::kTagName;
    element_.assign(1, Lower(c));
    return;
  }
  const bool after_slash = std::exchange(closing_, false);
  if (c == '!' && !after_slash) {
    state_ = State::kMarkup;
    pending_.clear();
  } else if (after_slash) {
    state_ = c == '>' ? State::kText : State::kBogus;
  } else if (c == '?') {
    state_ = State::kBogus;
  } else if (c != '<') {
    state_ = State::kText;
  }
}

void HtmlScanner::InTag(char c) {
  if (state_ == State::kQuoted) {
    if (c != quote_) return AddToValue(c);

    EndValue();
    state_ = State::kBeforeName;
    return;
  }
  if (state_ == State::kBeforeValue) {
    if (IsSpace(c)) return;
    value_.clear();
    if (c == '"' || c == '\'') {
      quote_ = c;
      state_ = State::kQuoted;
      return;
    }
    state_ = State::kUnquoted;
  }
  if (c == '>') return EndTag();
  if (state_ == State::kUnquoted) {
    if (!IsSpace(c)) return AddToValue(c);
    EndValue();
    state_ = State::kBeforeName;
  } else if (c == '/') {
    state_ = State::kBeforeName;
  } else if (IsSpace(c)) {
    // After a name and blanks, "=" still begins its value.
    if (state_ == State::kTagName) state_ = State::kBeforeName;
    if (state_ == State::kName) state_ = State::kBeforeName;
  } else if (state_ == State::kTagName) {
    element_ += Lower(c);
  } else if (c == '=' && !attribute_.empty()) {
    state_ = State::kBeforeValue;
  } else {
    if (state_ == State::kBeforeName) attribute_.clear();
    state_ = State::kName;
    attribute_ += Lower(c);
  }
}

// `pending_` is the comment's text as long as it may be a condition, then its last characters.
void HtmlScanner::InComment(char c) {
  constexpr std::string_view kCondition = "[if";
  if (c == '>') {
    const bool condition = may_be_condition_ && pending_.ends_with(']');
    const bool end = pending_.ends_with("--") || pending_.empty() || pending_ == "-";
    if (condition || end) {
      state_ = State::kText;
      pending_.clear();
      return;
    }
  }
  may_be_condition_ = may_be_condition_ && pending_.size() < kMaxPending &&
                      (pending_.size() >= kCondition.size() || kCondition[pending_.size()] == c);
  pending_ += c;
  if (!may_be_condition_ && pending_.size() > 2) pending_.erase(0, pending_.size() - 2);
}

void HtmlScanner::InRaw(char c) {
  const bool is_end =
      pending_.starts_with("</") && std::string_view(pending_).substr(2) == element_;
  if (is_end && (IsSpace(c) || c == '/' || c == '>')) {
    closing_ = true;
    state_ = State::kBeforeName;
    pending_.clear();
    attribute_.clear();
    return InTag(c);
  }
  if (c == '<') {
    pending_.assign(1, c);
  } else if (!pending_.empty() && pending_.size() < kMaxPending) {
    pending_ += Lower(c);
  }
}

void HtmlScanner::AddToValue(char c) {
  if (value_.size() < kMaxValue && (c > ' ' || c == kVariable || (c & 0x80) != 0)) value_ += c;
}

void HtmlScanner::EndValue() {
  if (IsUrlAttribute(attribute_)) {
    std::string url = DecodedUrl(value_);
    if (RunsScript(url)) script_urls_.push_back(std::move(url));
  }
  value_.clear();
  attribute_.clear();
}

void HtmlScanner::EndTag() {
  if (state_ == State::kUnquoted) EndValue();
  attribute_.clear();
  const bool raw = !std::exchange(closing_, false) && HasRawContent(element_);
  state_ = raw ? State::kRaw : State::kText;
  pending_.clear();
}

}  // namespace lmsmail::render
