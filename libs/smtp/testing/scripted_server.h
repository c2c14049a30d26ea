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
  kAuth,  // the AUTH command and every response to a 334
  kMail,
  kRcpt,
  kData,
  kMessage,   // the first bytes of a message; has no reply
  kFinalDot,  // the message is complete
  kRset,
  kNoop,
  kQuit,
  kUnknown,
};

// Changes the reply to one step. The first matching step uses it up. (Every member has an
// initializer, so that tests can leave it out.)
struct Injection {
  Step at = Step::kMail;
  // Sent, followed by CRLF, instead of the default reply; empty: nothing is sent. A rejection takes
  // effect: after a rejected RCPT there is no recipient. Line breaks make a multi-line reply.
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
  std::string plaintext_after_starttls = {};  // injected by an attacker into the segment of the 220
  bool goes_ahead_without_recipient = false;  // 354 although every RCPT was rejected
  bool byte_by_byte = false;                  // sends each byte in a separate segment
  size_t closes_after_messages = 0;           // 421 and close, unannounced; 0: never
  bool records = true;                        // keeps commands and messages; off for benchmarks
};

struct ReceivedMail {
  std::string envelope_from;
  std::string mail_parameters;  // "SIZE=12 BODY=8BITMIME"
  std::vector<std::string> recipients;
  std::string message;    // dots undone
  size_t connection = 0;  // 1 for the first accepted
  bool tls = false;
};

// An SMTP server on 127.0.0.1 whose replies a test controls. Has its own thread. Thread-safe.
class ScriptedServer {
 public:
  explicit ScriptedServer(ServerOptions options = {});
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  uint16_t port() const;
  // A PEM file with the server's certificate, for "localhost" and 127.0.0.1. Deleted with the
  // server.
  const std::string& ca_file() const;
  // Options that connect a client to this server, without credentials.
  Options ClientOptions() const;

  void Inject(Injection injection);
  // Continues the step that has been held longest, or the next one to be held.
  void Release();
  void DisconnectAll();

  // True once `step` has been reached `count` times, false after `timeout`. A held step counts.
  bool WaitFor(Step step, size_t count = 1, absl::Duration timeout = absl::Seconds(10)) const;
  size_t Count(Step step) const;
  std::vector<ReceivedMail> received() const;
  // Every command line of all connections in the order of arrival, without messages.
  std::vector<std::string> commands() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lmsmail::smtp::testing
