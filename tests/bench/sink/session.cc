#include "tests/bench/sink/session.h"

#include "absl/strings/match.h"

#include "libs/strings/view.h"

namespace lmsmail::sink {
namespace {

bool IsCommand(std::string_view line, std::string_view verb) {
  return absl::StartsWithIgnoreCase(ToAbsl(line), ToAbsl(verb));
}

// Returns "a@b.example" for "RCPT TO:<a@b.example> ORCPT=...".
std::string_view PathIn(std::string_view line) {
  const std::size_t open = line.find('<');
  const std::size_t close = line.find('>', open == std::string_view::npos ? 0 : open);
  if (open == std::string_view::npos || close == std::string_view::npos) return {};
  return line.substr(open + 1, close - open - 1);
}

// Returns the start of the line that holds only the final dot, or npos. Searches from `from` on.
std::size_t FindFinalDot(std::string_view content, std::size_t from) {
  if (from == 0 && content.starts_with(".\r\n")) return 0;
  for (std::size_t at = content.find('\n', from); at != std::string_view::npos;
       at = content.find('\n', at + 1)) {
    if (content.substr(at + 1, 3) == ".\r\n") return at + 1;
  }
  return std::string_view::npos;
}

}  // namespace

Session::Session(Statistics& statistics, FaultPlan& faults)
    : statistics_(statistics), faults_(faults) {
  ++statistics_.counters().connections;
  Reply("220 sink.test ESMTP");
}

void Session::Feed(std::string_view bytes) {
  if (pending_.empty()) return Consume(bytes);
  pending_.append(bytes);
  const std::string input = std::move(pending_);
  pending_.clear();
  Consume(input);
}

void Session::Resume() {
  delay_.reset();
  const std::string input = std::move(pending_);
  pending_.clear();
  Consume(input);
}

void Session::Consume(std::string_view input) {
  while (!closing_ && !delay_ && (in_content_ ? ConsumeContent(input) : ConsumeCommand(input))) {
  }
  if (!closing_) pending_.assign(input);
}

bool Session::ConsumeCommand(std::string_view& input) {
  const std::size_t end = input.find('\n');
  if (end == std::string_view::npos) return false;
  std::string_view line = input.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  input.remove_prefix(end + 1);
  Execute(line);
  return true;
}

bool Session::ConsumeContent(std::string_view& input) {
  if (fault_ && fault_->fault == Fault::kCutBeforeDot) {
    if (input.empty()) return false;
    ++statistics_.counters().cut_before_dot;
    Close();
    return true;
  }
  const std::size_t dot = FindFinalDot(input, scanned_);
  if (dot == std::string_view::npos) {
    // The last four octets may be the beginning of "\r\n.\r\n".
    scanned_ = input.size() < 4 ? 0 : input.size() - 4;
    return false;
  }
  FinishMail(input.substr(0, dot));
  input.remove_prefix(dot + 3);
  scanned_ = 0;
  in_content_ = false;
  return true;
}

void Session::Execute(std::string_view line) {
  if (IsCommand(line, "MAIL FROM:")) {
    recipient_.clear();
    fault_.reset();
    Reply("250 2.1.0 Ok");
  } else if (IsCommand(line, "RCPT TO:")) {
    Recipient(line);
  } else if (IsCommand(line, "DATA")) {
    in_content_ = !recipient_.empty();
    Reply(in_content_ ? "354 Go ahead" : "503 5.5.1 No valid recipient");
  } else if (IsCommand(line, "EHLO")) {
    Reply(
        "250-sink.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-AUTH PLAIN\r\n"
        "250 ENHANCEDSTATUSCODES");
  } else if (IsCommand(line, "AUTH PLAIN")) {
    LogIn();
  } else if (IsCommand(line, "HELO")) {
    Reply("250 sink.test");
  } else if (IsCommand(line, "RSET") || IsCommand(line, "NOOP")) {
    recipient_.clear();
    Reply("250 2.0.0 Ok");
  } else if (IsCommand(line, "QUIT")) {
    Reply("221 2.0.0 Bye");
    Close();
  } else {
    ++statistics_.counters().protocol_errors;
    Reply("500 5.5.2 Not understood");
  }
}

void Session::LogIn() {
  if (!faults_.RefusesLogin()) return Reply("235 2.7.0 Ok");
  ++statistics_.counters().refused_logins;
  Reply("535 5.7.8 Authentication credentials invalid");
}

void Session::Recipient(std::string_view line) {
  const std::string_view path = PathIn(line);
  if (path.empty()) {
    ++statistics_.counters().protocol_errors;
    return Reply("501 5.1.3 No address");
  }
  const FaultRule* const rule = faults_.Choose(path.substr(path.rfind('@') + 1));
  Counters& counters = statistics_.counters();
  if (rule != nullptr && rule->fault == Fault::k421) {
    ++counters.refused_421;
    Reply("421 4.3.2 Service shutting down");
    return Close();
  }
  if (rule != nullptr && rule->fault == Fault::k450) {
    ++counters.refused_450;
    return Reply("450 4.2.1 Try again later");
  }
  if (rule != nullptr && rule->fault == Fault::k550) {
    ++counters.refused_550;
    return Reply("550 5.1.1 No such user");
  }
  if (rule != nullptr && rule->fault == Fault::kQuota) {
    ++counters.refused_quota;
    return Reply("550 5.4.5 Daily sending limit exceeded");
  }
  if (rule != nullptr) fault_ = *rule;
  recipient_.assign(path);
  Reply("250 2.1.5 Ok");
}

void Session::FinishMail(std::string_view content) {
  const bool cut = fault_ && fault_->fault == Fault::kCutAfterDot;
  statistics_.Accept(content, recipient_, !cut);
  recipient_.clear();
  if (cut) {
    ++statistics_.counters().cut_after_dot;
    return Close();
  }
  Reply("250 2.0.0 Ok: discarded");
  if (fault_ && fault_->fault == Fault::kDelay) {
    ++statistics_.counters().delayed;
    delay_ = fault_->delay;
  }
}

}  // namespace lmsmail::sink
