#pragma once

#include <optional>

#include "absl/time/time.h"

#include "libs/retry/backoff.h"
#include "libs/smtp/fault.h"
#include "services/dispatch/transports/transport.h"

namespace lmsmail::dispatch {

// Whether a transport reaches its server, by the results of its mail: it does not after several
// mails in a row for which no connection worked. Mail that can go another way avoids it from then
// on, but for one mail at a time, the probe. It ends when any mail reaches the server: mail without
// an alternative tries as ever. Not thread-safe.
class Reachability {
 public:
  struct Options {
    int failures = 3;  // mails in a row without a working connection
    // Between probes; doubles while they fail.
    retry::BackoffPolicy probe_interval = {.initial = absl::Seconds(5), .max = absl::Minutes(1)};
  };
  explicit Reachability(const Options& options) : options_(options) {}

  struct Outage {
    absl::Time since;  // the first failure
    absl::Time until;  // the next probe; past while it is awaited
    bool probing = false;
    smtp::Fault fault = smtp::Fault::kNone;  // of the latest failure
  };
  const std::optional<Outage>& outage() const { return outage_; }

  // A mail is about to be sent. Returns whether it is the probe.
  bool OnSend(absl::Time now);
  enum class Change { kNone, kLost, kRegained };
  // `probe`: as OnSend returned for that mail.
  Change OnResult(const DeliveryResult& result, bool probe, absl::Time now);
  Change OnReached();

 private:
  Change OnFailure(smtp::Fault fault, bool probe, absl::Time now);

  const Options options_;
  int failures_ = 0;  // in a row
  int probes_ = 0;    // that failed since the outage began
  absl::Time first_failure_;
  std::optional<Outage> outage_;
};

}  // namespace lmsmail::dispatch
