#include "services/gateway/bounces/classic_bounces.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

#include "libs/strings/view.h"

namespace lmsmail::gateway {
namespace {

constexpr std::size_t kMaxRecipients = 50;
constexpr std::size_t kMaxLines = 2000;

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty() && lines.size() < kMaxLines) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    lines.push_back(ToStd(absl::StripTrailingAsciiWhitespace(ToAbsl(line))));
  }
  return lines;
}

std::string_view Stripped(std::string_view text) {
  return ToStd(absl::StripAsciiWhitespace(ToAbsl(text)));
}

RecipientStatus Failed(std::string_view address, std::string_view reason) {
  return {.action = RecipientStatus::Action::kFailed,
          .detail = StatusDetail("", reason),
          .addresses = {std::string(address)}};
}

// "550 5.1.1 no such user" or "550-no such user".
bool IsReply(std::string_view line) {
  return line.size() > 4 && (line[0] == '4' || line[0] == '5') && absl::ascii_isdigit(line[1]) &&
         absl::ascii_isdigit(line[2]) && (line[3] == ' ' || line[3] == '-');
}

// From the last server's reply on, if the reason quotes one.
std::string_view ReplyIn(std::string_view reason) {
  for (const std::string_view before : {"said: ", ">: ", "]: "}) {
    const std::size_t at = reason.find(before);
    if (at == std::string_view::npos) continue;
    const std::string_view reply = reason.substr(at + before.size());
    if (IsReply(reply)) return reply;
  }
  return reason;
}

// The lines up to an empty one, joined by blanks; from the first reply on, if one begins a line.
std::string Paragraph(const std::vector<std::string_view>& lines, std::size_t from) {
  std::string joined;
  for (std::size_t i = from; i < lines.size() && !lines[i].empty(); ++i) {
    const std::string_view line = Stripped(lines[i]);
    if (IsReply(line) && !IsReply(joined)) joined.clear();
    if (!joined.empty()) joined += ' ';
    joined += line;
  }
  return joined;
}

// QSBMF (https://cr.yp.to/proto/qsbmf.txt): the first paragraph begins with "Hi. This is the", a
// paragraph about a recipient with "<address>:", and one that begins with "-" ends the report.
std::vector<RecipientStatus> ParseQmail(std::string_view text) {
  std::vector<RecipientStatus> failed;
  const std::vector<std::string_view> lines = LinesOf(text);
  const auto first = std::ranges::find_if(lines, [](std::string_view it) { return !it.empty(); });
  if (first == lines.end() || !first->starts_with("Hi. This is the")) return failed;
  bool begins = false;  // a paragraph
  for (auto i = static_cast<std::size_t>(first - lines.begin()); i < lines.size(); ++i) {
    const std::string_view line = lines[i];
    const bool begun = std::exchange(begins, line.empty());
    if (!begun) continue;
    if (line.starts_with('-') || failed.size() == kMaxRecipients) break;
    if (!line.starts_with('<') || !line.ends_with(">:")) continue;
    failed.push_back(Failed(line.substr(1, line.size() - 3), ReplyIn(Paragraph(lines, i + 1))));
  }
  return failed;
}

// X-Failed-Recipients lists the addresses, each of which begins a paragraph of the text with blanks
// before it. Exim's warnings about delays have no such field.
std::vector<RecipientStatus> ParseExim(const Fields& header, std::string_view text) {
  std::vector<RecipientStatus> failed;
  const std::string_view listed = FieldOf(header, "x-failed-recipients");
  if (listed.empty()) return failed;
  const std::vector<std::string_view> lines = LinesOf(text);
  for (const absl::string_view each : absl::StrSplit(ToAbsl(listed), ',', absl::SkipWhitespace())) {
    if (failed.size() == kMaxRecipients) break;
    const std::string_view address = Stripped(ToStd(each));
    const auto own = std::ranges::find_if(lines, [&](std::string_view line) {
      return line.starts_with(' ') &&
             absl::EqualsIgnoreCase(ToAbsl(Stripped(line)), ToAbsl(address));
    });
    if (own == lines.end()) continue;
    const auto after = static_cast<std::size_t>(own - lines.begin()) + 1;
    failed.push_back(Failed(address, ReplyIn(Paragraph(lines, after))));
  }
  return failed;
}

}  // namespace

std::vector<RecipientStatus> ParseClassicBounce(const Fields& header, std::string_view text) {
  std::vector<RecipientStatus> failed = ParseExim(header, text);
  return failed.empty() ? ParseQmail(text) : failed;
}

}  // namespace lmsmail::gateway
