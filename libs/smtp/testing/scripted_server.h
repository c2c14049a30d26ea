#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "libs/smtp/options.h"

namespace lmsmail::smtp::testing {

enum class Step {
  kConnect,  // the greeting
  kEhlo,
  kHelo,
  kStartTls,
  kAuth,  // the AUTH command and every line that answers a 334
  kMail,
  kRcpt,
  kData,
  kMessage,   // first bytes of a message, before its dot; has no reply of its own
  kFinalDot,  // the message is complete
  kRset,
  kNoop,
  kQuit,
  kUnknown,
};

// Every member has an initializer, so that tests can name just those that they need.

// A departure from accepting everything, used up by the first fitting step.
struct Injection {
  Step at = Step::kMail;
  // Sent, with CRLF added, in place of the usual reply; empty: nothing is sent. A rejection also
  // has the usual effect: a refused RCPT leaves no recipient. Line breaks inside make a multi-line
  // reply.
  std::optional<std::string> reply = std::nullopt;
  bool disconnect = false;    // after the reply
  bool hold = false;          // before the reply, until Release()
  std::string matching = {};  // only a command line that contains this
  bool every_time = false;    // never used up
};

struct ServerOptions {
  bool knows_ehlo = true;
  bool pipelining = true;
  bool eight_bit_mime = true;
  bool smtputf8 = true;
  std::optional<uint64_t> size = 50'000'000;
  TlsMode tls = TlsMode::kNone;
  std::vector<std::string> auth_mechanisms = {};  // "PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"
  std::string username = "user";
  std::string secret = "secret";
  std::string plaintext_after_starttls = {};  // an attacker's, in the same segment as the 220
  bool goes_ahead_without_recipient = false;  // 354 although every RCPT was refused
  bool byte_by_byte = false;                  // each byte in a segment of its own
  size_t closes_after_messages = 0;           // 421 and close, unannounced; 0: never
  bool records = true;                        // keep commands and messages; off for benchmarks
};

struct ReceivedMail {
  std::string envelope_from;
  std::string mail_parameters;  // "SIZE=12 BODY=8BITMIME"
  std::vector<std::string> recipients;
  std::string message;    // dots undone
  size_t connection = 0;  // 1 for the first accepted
  bool tls = false;
};

// An SMTP server on 127.0.0.1, with a thread of its own, that does what a test tells it.
// Thread-safe.
class ScriptedServer {
 public:
  explicit ScriptedServer(ServerOptions options = {});
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  uint16_t port() const;
  // A PEM file to trust; valid for "localhost" and 127.0.0.1, as long as the server lives.
  const std::string& ca_file() const;
  // What a client needs to reach it; no credentials.
  Options ClientOptions() const;

  void Inject(Injection injection);
  // Lets the longest held step go on, or the next one that will be held.
  void Release();
  void DisconnectAll();

  // True once `step` has been reached `count` times in all, false after `timeout`. A held step
  // counts.
  bool WaitFor(Step step, size_t count = 1, absl::Duration timeout = absl::Seconds(10)) const;
  size_t Count(Step step) const;
  std::vector<ReceivedMail> received() const;
  // Every command line in the order of arrival, over all connections, messages left out.
  std::vector<std::string> commands() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lmsmail::smtp::testing
