#pragma once

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/lifecycle/periodic.h"
#include "services/dispatch/claiming/claim_handoff.h"
#include "services/dispatch/claiming/claimer.h"
#include "services/dispatch/claiming/flusher.h"
#include "services/dispatch/claiming/in_flight_budget.h"
#include "services/dispatch/claiming/open_claims.h"
#include "services/dispatch/claiming/priority_gate.h"
#include "services/dispatch/delivery/delay_queue.h"
#include "services/dispatch/delivery/sender.h"
#include "services/dispatch/limits/connection_sharing.h"
#include "services/dispatch/limits/rate_limits.h"
#include "services/dispatch/storage/connection_shares.h"
#include "services/dispatch/storage/limit_store.h"

namespace lmsmail::dispatch {

// Sends what is in the queue, from Start() to Stop(). Its threads:
//
//   urgent claimer   ──claim──▶ urgent sender    ──mail──▶ transport ──outcome──▶ flusher ──▶ queue
//   ordinary claimer ──claim──▶ ordinary senders ──╯
//   lease keeper: says that the claims are still held
//   two timers: hand mails over that wait for a turn within a limit
//   connections: asks for this replica's share, where all replicas share them
//
// Urgent lanes have a claimer and a sender of their own, so that a receipt never waits until a
// batch of bulk mail is claimed, or behind one that a slow server holds up. Writing is most of the
// work, so ordinary mail has a sender for each core, up to four.
class Worker {
 public:
  struct Options {
    std::string name;  // this replica's, shown in ListInFlight
    int batch = 500;
    absl::Duration lease = absl::Seconds(60);
    absl::Duration flush_interval = absl::Milliseconds(30);
    int flush_size = 500;
    int max_in_flight = 2000;  // handed over and not recorded yet
    DeliveryPolicy policy;
    LimitRules limits = {};
    std::size_t max_message_bytes = 1 << 20;
  };
  // All must outlive this.
  struct Dependencies {
    const Clock& clock;
    QueueStore& queue;
    LimitStore& limits;
    ConnectionShares& connections;
    RecipientCheck& recipients;
    TemplateSource& templates;
    Transports& transports;
    BounceReporter& bounces;
    IntentJournal& journal;
    const SiteIdentity& site;
    const MessageIdHeader& message_ids;
    DispatchMetrics& metrics;
  };
  Worker(Dependencies dependencies, Options options);
  ~Worker();

  // Idempotent.
  void Start();
  // Takes no more mail, lets what is being transmitted finish, records what became of it and gives
  // the rest back. Returns at `deadline` at the latest, when the database is away and leases have
  // to do it instead. Shuts the transports down.
  void Stop(absl::Time deadline);

  // Mail is about to be accepted into `lane` here. From any thread.
  void BeforeAccept(Lane lane);
  // Mail was accepted into `lane` here that may be due. From any thread.
  void Accepted(Lane lane);

 private:
  // What urgent mail and ordinary mail each have of their own.
  struct Way {
    Claimer claimer;
    ClaimHandoff claims = {};
    std::vector<std::unique_ptr<Sender>> senders = {};
    // Guarded by mutex_.
    std::set<Lane> accepted = {};  // since the claimer last looked
    bool room = false;             // a sender took its claim
  };

  Claimer MakeClaimer(std::vector<Lane> lanes, PriorityGate* yields_to) const;
  void Claim(Way& way);
  void Send(Way& way, Sender& sender);
  void Flush();
  void KeepLeases();
  Way& WayOf(Lane lane) { return IsUrgent(lane) ? urgent_ : ordinary_; }
  bool Stopping() const;
  void WaitForNews(Way& way, absl::Duration at_most);

  const Dependencies d_;
  const Options options_;
  OpenClaims claims_;
  CancellationWatch cancellations_;
  InFlightBudget budget_;
  RateLimits limits_;
  ConnectionSharing connections_;
  PriorityGate priority_gate_;
  DelayQueue urgent_timer_;
  DelayQueue ordinary_timer_;
  Flusher flusher_;
  Way urgent_;
  Way ordinary_;

  mutable absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool flushing_ends_ ABSL_GUARDED_BY(mutex_) = false;

  std::vector<std::thread> claim_threads_;
  std::vector<std::thread> send_threads_;
  std::thread flush_thread_;
  std::unique_ptr<lifecycle::Periodic> lease_keeper_;
};

}  // namespace lmsmail::dispatch
