#include "tests/bench/sink/statistics.h"

#include <fmt/format.h>

#include <algorithm>

#include "absl/hash/hash.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/time/clock.h"

#include "libs/strings/view.h"
#include "tests/tool/cpu_time.h"

namespace lmsmail::sink {
void Statistics::Accept(std::string_view content, std::string_view recipient, bool answered) {
  const absl::Time now = absl::Now();
  ++counters_.accepted;
  counters_.bytes += static_cast<std::int64_t>(content.size());
  if (!answered) ++counters_.unanswered;
  if (!counters_.first_accepted) counters_.first_accepted = now;
  counters_.last_accepted = now;
  const std::string_view id = MessageIdOf(content);
  if (id.empty()) {
    ++counters_.without_id;
  } else if (!seen_.insert(absl::HashOf(id)).second) {
    ++counters_.duplicates;
  }
  if (ledger_ != nullptr) ledger_->Add(now, answered, id, recipient);
}

void Statistics::Flush() {
  if (ledger_ != nullptr) ledger_->Flush();
}

std::string_view MessageIdOf(std::string_view content) {
  constexpr absl::string_view kField = "message-id:";
  while (!content.empty() && content.front() != '\r') {
    const std::size_t end = std::min(content.find('\n'), content.size());
    std::string_view line = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    if (!absl::StartsWithIgnoreCase(ToAbsl(line), kField)) continue;
    line.remove_prefix(kField.size());
    if (absl::StripAsciiWhitespace(ToAbsl(line))
            .empty()) {  // folded: the value is on the next line
      line = content.substr(0, content.find('\n'));
    }
    line = ToStd(absl::StripAsciiWhitespace(ToAbsl(line)));
    if (line.starts_with('<')) line.remove_prefix(1);
    if (line.ends_with('>')) line.remove_suffix(1);
    return line;
  }
  return {};
}

std::string ToJson(const Counters& c) {
  const auto micros = [](const std::optional<absl::Time>& time) {
    return time ? fmt::format("{}", absl::ToUnixMicros(*time)) : "null";
  };
  return fmt::format(
      R"({{"accepted":{},"duplicates":{},"without_id":{},"unanswered":{},"bytes":{},)"
      R"("connections":{},"refused_421":{},"refused_450":{},"refused_550":{},"refused_quota":{},)"
      R"("refused_logins":{},"delayed":{},)"
      R"("cut_before_dot":{},"cut_after_dot":{},"protocol_errors":{},"first_accepted_us":{},)"
      R"("last_accepted_us":{},"cpu_us":{}}})",
      c.accepted, c.duplicates, c.without_id, c.unanswered, c.bytes, c.connections, c.refused_421,
      c.refused_450, c.refused_550, c.refused_quota, c.refused_logins, c.delayed, c.cut_before_dot,
      c.cut_after_dot, c.protocol_errors, micros(c.first_accepted), micros(c.last_accepted),
      CpuMicroseconds());
}

}  // namespace lmsmail::sink
