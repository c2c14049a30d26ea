#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/lifecycle/periodic.h"
#include "services/dispatch/claiming/claim_handoff.h"
#include "services/dispatch/claiming/claimer.h"
#include "services/dispatch/claiming/flusher.h"
#include "services/dispatch/claiming/priority_gate.h"
#include "services/dispatch/delivery/delay_queue.h"
#include "services/dispatch/delivery/dependencies.h"
#include "services/dispatch/delivery/sender.h"
#include "services/dispatch/limits/connection_sharing.h"

namespace lmsmail::dispatch {

// Delivers the mail of the queue, from Start() to Stop(). Its threads:
//
//   urgent claimer   ──claim──▶ urgent sender    ──mail──▶ transport ──outcome──▶ flusher ──▶ queue
//   ordinary claimer ──claim──▶ ordinary senders ──╯
//   lease keeper: extends the leases of open claims
//   two delay queues: hand over mail that waits for a permit of a rate limit
//   connection sharing: renews this replica's share of shared connections
//
// Urgent lanes have their own claimer and sender, so that a receipt never waits until a batch of
// bulk mail is claimed, or behind one that a slow server delays. Rendering is most of the work, so
// ordinary mail has a sender for each core, up to four.
class Worker {
 public:
  struct Options {
    std::string name;  // of this replica, shown in ListInFlight
    int batch = 500;
    absl::Duration lease = absl::Seconds(60);
    absl::Duration flush_interval = absl::Milliseconds(30);
    int flush_size = 500;
    int max_in_flight = 2000;  // handed over and not recorded yet
    DeliveryPolicy policy;
    Routing routing = {};
    LimitRules limits = {};
    std::size_t max_message_bytes = 1 << 20;
  };
  Worker(const DeliveryDependencies& dependencies, Options options);
  ~Worker();

  // Records what the journal of a process that ended knows. Call it before Start(), again after an
  // error.
  absl::Status ReplayJournal(IntentJournal& journal);
  // Idempotent.
  void Start();
  // Claims no more mail, lets mail in transmission finish, records the outcomes, releases the rest
  // and shuts the transports down. Returns at `deadline` at the latest; what could not be recorded
  // or released by then, as when the database is unavailable, is recovered when its lease expires.
  void Stop(absl::Time deadline);

  // This process is about to accept due mail into `lane`; AcceptEnded must follow. From any thread.
  void BeforeAccept(Lane lane);
  // It accepted `mails` new mails, none if it failed.
  void AcceptEnded(Lane lane, int mails);
  // `mails` mails of `lane` are due. From any thread.
  void Accepted(Lane lane, int mails);

 private:
  // Urgent mail and ordinary mail have one each.
  struct Pipeline {
    Claimer claimer;
    DelayQueue delays;
    ClaimHandoff claims = {};
    std::vector<std::unique_ptr<Sender>> senders = {};
    // Guarded by mutex_.
    std::map<Lane, int> accepted = {};  // mails since the claimer last looked
    bool room = false;                  // a sender took its claim
  };

  Claimer MakeClaimer(std::vector<Lane> lanes, PriorityGate* yields_to) const;
  void Claim(Pipeline& pipeline);
  void Send(Pipeline& pipeline, Sender& sender);
  void Flush();
  void ExtendLeases();
  Pipeline& PipelineOf(Lane lane) { return IsUrgent(lane) ? urgent_ : ordinary_; }
  bool Stopping() const;
  void WaitForWork(Pipeline& pipeline, absl::Duration timeout);

  const DeliveryDependencies d_;
  const Options options_;
  OpenClaims claims_;
  CancellationWatch cancellations_;
  InFlightBudget budget_;
  RateLimits limits_;
  ConnectionSharing connections_;
  PriorityGate priority_gate_;
  std::atomic<int> urgent_claims_ = 0;  // whose mail is not all handed over
  const SenderContext sender_context_;
  Flusher flusher_;
  Pipeline urgent_;
  Pipeline ordinary_;

  mutable absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool flushing_ends_ ABSL_GUARDED_BY(mutex_) = false;

  std::vector<std::thread> claim_threads_;
  std::vector<std::thread> send_threads_;
  std::thread flush_thread_;
  std::unique_ptr<lifecycle::Periodic> lease_keeper_;
};

}  // namespace lmsmail::dispatch
