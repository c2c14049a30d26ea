#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace lmsmail::fakes {

// A mail to one recipient that a fake has accepted.
struct Mail {
  std::string id;           // what our program calls it: a custom argument or variable
  std::string provider_id;  // what the provider's answer calls it
  std::string recipient;
  std::string subject;
  nlohmann::json headers = nlohmann::json::object();
  std::string sha256;      // of the rendered text followed by the rendered HTML, or of the MIME
  nlohmann::json content;  // {"text":...,"html":...} or {"mime":...}; only with Detail::kContent
  std::int64_t visible_recipients = 1;  // how many addresses each recipient of the message can see
};

// What of a mail is worked out, in the order of the cost.
enum class Detail {
  kCount,    // id and recipient, which is enough to count and costs least
  kLedger,   // all but the content
  kContent,  // all
};

// Appends a line of JSON for each accepted mail to a file: the members of Mail, `time_us` since
// 1970, and `answered`, which is false if the client got no answer. Thread-safe.
class Ledger {
 public:
  static absl::StatusOr<std::unique_ptr<Ledger>> Open(const std::string& path);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // The lines survive the end of this process when this returns. Aborts the process if it cannot
  // write them, because a ledger with gaps proves nothing.
  void Append(const std::vector<Mail>& mails, bool answered);

 private:
  explicit Ledger(int file) : file_(file) {}

  const int file_;
};

}  // namespace lmsmail::fakes
