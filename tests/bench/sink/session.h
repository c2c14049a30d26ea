#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

#include "tests/bench/sink/fault_plan.h"
#include "tests/bench/sink/mailbox.h"

namespace lmsmail::sink {

// The server's side of one SMTP connection, without I/O: octets in, answers out. Takes every mail
// that no fault is planned for. PIPELINING (RFC 2920), 8BITMIME, SMTPUTF8; one or more recipients,
// of which the last one is remembered.
class Session {
 public:
  // Both must outlive the session. The greeting is in output() at once.
  Session(Mailbox& mailbox, FaultPlan& faults);

  // What has arrived. Does nothing more once closing().
  void Feed(std::string_view bytes);

  // Answers to be sent; whoever has sent some removes them.
  std::string& output() { return output_; }

  // To be closed when the output was sent.
  bool closing() const { return closing_; }

  // Set while an answer is held back: output stays unsent and nothing is to be fed until then, and
  // Resume() goes on with what had arrived behind it.
  std::optional<absl::Duration> delay() const { return delay_; }
  void Resume();

 private:
  // Both consume from the front of `input`; false when it holds too little.
  bool TakeCommand(std::string_view& input);
  bool TakeContent(std::string_view& input);

  void Execute(std::string_view line);
  void Recipient(std::string_view line);
  void FinishMail(std::string_view content);
  void Consume(std::string_view input);
  void Reply(std::string_view line) { output_.append(line).append("\r\n"); }
  void Close() { closing_ = true; }

  Mailbox& mailbox_;
  FaultPlan& faults_;
  std::string pending_;      // arrived, not yet consumed
  std::size_t scanned_ = 0;  // octets of the content at hand known to hold no final dot
  std::string output_;
  bool in_content_ = false;
  bool closing_ = false;
  std::optional<absl::Duration> delay_;

  std::string recipient_;  // of the mail at hand; empty: none yet
  std::optional<FaultRule> fault_;
};

}  // namespace lmsmail::sink
