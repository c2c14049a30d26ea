#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "services/dispatch/delivery/delay_queue.h"
#include "services/dispatch/delivery/dependencies.h"
#include "services/dispatch/delivery/mail_trace.h"
#include "services/dispatch/limits/rate_limits.h"
#include "services/dispatch/rendering/composer.h"
#include "services/dispatch/storage/queue_store.h"
#include "services/dispatch/transports/transport.h"

namespace lmsmail::dispatch {

// One attempt to deliver a mail.
struct DeliveryAttempt {
  ClaimId claim = 0;
  bool urgent = false;
  ClaimedMail mail;
  Transport* transport = nullptr;
  std::vector<Transport*> candidates;  // as TransportChoice::Chosen has them
  std::string recipient_domain;
  std::vector<Limit> limits;
  std::vector<int> demand;  // mails of the claim that still need a permit of each of `limits`
  ComposedMail composed;
  std::unique_ptr<MailTrace> trace;  // null unless the mail is traced

  std::vector<Permit> permits;      // of the first of `limits`, acquired already
  std::uint64_t journal_token = 0;  // once handed over
  int expired_permits = 0;          // how often a permit expired before the last was acquired
};

// Takes mails through their rate limits and the transport to their outcome. A mail over a limit
// delays no other mail: it waits in the delay queue for a permit that is near, and is deferred to
// its position on the waitlist otherwise, which counts no attempt. Thread-safe.
class Deliveries {
 public:
  // Both must outlive this, and this must outlive the shutdown of the delay queue and the
  // transports.
  Deliveries(const SenderContext& context, DelayQueue& delays)
      : context_(context), delays_(delays) {}

  // Acquires the next permit that `attempt` lacks, if any. Returns false when the mail was deferred
  // instead.
  bool AcquirePermit(DeliveryAttempt& attempt);
  // Acquires the missing permits and hands the mail over, now or later. Returns false when no more
  // mail of the claim may be handed over; the mail is not settled then.
  bool Deliver(std::unique_ptr<DeliveryAttempt> attempt);

  // Whether mail of `claim` may still be handed over.
  bool MayContinue(ClaimId claim) const;
  // Hands over no more mail.
  void Stop() { stopping_ = true; }

 private:
  bool HoldsLease(ClaimId claim) const;
  void WaitForLimit(const DeliveryAttempt& attempt, absl::Time retry_time);
  bool HandOver(std::unique_ptr<DeliveryAttempt> attempt);
  void OnResult(const DeliveryAttempt& attempt, const DeliveryResult& result);

  const SenderContext& context_;
  const DeliveryDependencies& d_ = context_.dependencies;
  DelayQueue& delays_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace lmsmail::dispatch
