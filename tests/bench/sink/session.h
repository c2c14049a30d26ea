#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

#include "tests/bench/sink/fault_plan.h"
#include "tests/bench/sink/statistics.h"

namespace lmsmail::sink {

// The server side of one SMTP connection, without I/O. Accepts every mail that has no fault.
// Supports PIPELINING (RFC 2920), 8BITMIME, SMTPUTF8 and AUTH PLAIN with any password. A mail may
// have several recipients; only the last one is recorded.
class Session {
 public:
  // Both must outlive the session. Puts the greeting into output().
  Session(Statistics& statistics, FaultPlan& faults);

  // Processes received octets. Does nothing once closing() is true.
  void Feed(std::string_view bytes);

  // The replies to send. The caller removes what it has sent.
  std::string& output() { return output_; }

  // True if the connection is to be closed after the output was sent.
  bool closing() const { return closing_; }

  // Set while a reply is delayed. The caller waits that long, without sending the output or calling
  // Feed(), and then calls Resume(), which continues with the octets that followed.
  std::optional<absl::Duration> delay() const { return delay_; }
  void Resume();

 private:
  // Both consume from the front of `input`. They return false if it is incomplete.
  bool ConsumeCommand(std::string_view& input);
  bool ConsumeContent(std::string_view& input);

  void Execute(std::string_view line);
  void LogIn();
  void Recipient(std::string_view line);
  void FinishMail(std::string_view content);
  void Consume(std::string_view input);
  void Reply(std::string_view line) { output_.append(line).append("\r\n"); }
  void Close() { closing_ = true; }

  Statistics& statistics_;
  FaultPlan& faults_;
  std::string pending_;      // received, not yet consumed
  std::size_t scanned_ = 0;  // octets of the current content without a final dot
  std::string output_;
  bool in_content_ = false;
  bool closing_ = false;
  std::optional<absl::Duration> delay_;

  std::string recipient_;  // of the current mail; empty before RCPT
  std::optional<FaultRule> fault_;
};

}  // namespace lmsmail::sink
