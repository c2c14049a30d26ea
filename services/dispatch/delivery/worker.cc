#include "services/dispatch/delivery/worker.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"

#include "services/dispatch/transports/thread_priority.h"

namespace lmsmail::dispatch {
namespace {

// No mail is handed over this shortly before its lease expires, because transmission takes time.
constexpr absl::Duration kLeaseMargin = absl::Seconds(5);
constexpr absl::Duration kFlushRetry = absl::Milliseconds(200);
constexpr unsigned kMaxOrdinarySenders = 4;

// Names the calling thread for `top -H`; at most 15 characters.
void NameThread(const char* name) { pthread_setname_np(pthread_self(), name); }

// Of the calling thread, so that urgent mail takes the core from it at once. On Linux,
// setpriority() applies to one thread (setpriority(2), NOTES).
void LowerPriority() {
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kOrdinaryThreadNice);
}

}  // namespace

Worker::Worker(const DeliveryDependencies& dependencies, Options options)
    : d_(dependencies),
      options_(std::move(options)),
      cancellations_(d_.queue, d_.clock),
      budget_(options_.max_in_flight, options_.max_in_flight / 4),
      limits_(d_.limits, d_.clock, options_.limits),
      connections_(d_.connections, d_.transports, d_.clock, options_.name),
      priority_gate_(d_.clock),
      sender_context_{.dependencies = d_,
                      .claims = claims_,
                      .cancellations = cancellations_,
                      .budget = budget_,
                      .limits = limits_,
                      .policy = options_.policy,
                      .routing = options_.routing,
                      .max_message_bytes = options_.max_message_bytes},
      flusher_(d_.queue, claims_, budget_, d_.journal, priority_gate_, d_.metrics),
      urgent_{.claimer = MakeClaimer({Lane::kCritical, Lane::kTransactional}, nullptr),
              .delays = DelayQueue(d_.clock)},
      ordinary_{.claimer = MakeClaimer({Lane::kNotification, Lane::kBulk}, &priority_gate_),
                .delays = DelayQueue(d_.clock)} {
  const auto add_sender = [this](Pipeline& pipeline, PriorityGate* yields_to) {
    pipeline.senders.push_back(
        std::make_unique<Sender>(sender_context_, pipeline.delays, yields_to));
  };
  add_sender(urgent_, nullptr);
  const unsigned senders = std::clamp(std::thread::hardware_concurrency(), 1U, kMaxOrdinarySenders);
  for (unsigned i = 0; i < senders; ++i) add_sender(ordinary_, &priority_gate_);
}

Claimer Worker::MakeClaimer(std::vector<Lane> lanes, PriorityGate* yields_to) const {
  return Claimer(d_.queue, d_.clock, d_.metrics,
                 {.worker = options_.name,
                  .lanes = std::move(lanes),
                  .batch = options_.batch,
                  .lease = options_.lease,
                  .yields_to = yields_to,
                  .journal = &d_.journal});
}

Worker::~Worker() { Stop(absl::Now()); }

absl::Status Worker::ReplayJournal(IntentJournal& journal) {
  return journal.Replay(d_.queue, [this](const ClaimedMail& mail, const DeliveryResult& result) {
    return DecideByResult(mail, result, d_.clock.Now(), options_.policy);
  });
}

void Worker::Start() {
  if (!claim_threads_.empty()) return;
  connections_.Start();
  flush_thread_ = std::thread([this] {
    NameThread("flusher");
    LowerPriority();
    Flush();
  });
  urgent_.delays.Start();
  ordinary_.delays.Start();
  send_threads_.emplace_back([this] {
    NameThread("sender-urgent");
    Send(urgent_, *urgent_.senders.front());
  });
  for (const auto& sender : ordinary_.senders) {
    send_threads_.emplace_back([this, &sender] {
      NameThread("sender");
      LowerPriority();
      Send(ordinary_, *sender);
    });
  }
  lease_keeper_ = std::make_unique<lifecycle::Periodic>("leases", options_.lease / 3,
                                                        [this] { ExtendLeases(); });
  for (Pipeline* pipeline : {&urgent_, &ordinary_}) {
    claim_threads_.emplace_back([this, pipeline] {
      NameThread("claimer");
      if (pipeline == &ordinary_) LowerPriority();
      Claim(*pipeline);
    });
  }
}

void Worker::Stop(absl::Time deadline) {
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  const auto left = [deadline] { return std::max(deadline - absl::Now(), absl::ZeroDuration()); };
  if (claim_threads_.empty()) {
    d_.transports.Shutdown(absl::ZeroDuration());
    return;
  }
  for (Pipeline* pipeline : {&urgent_, &ordinary_}) {
    for (const auto& sender : pipeline->senders) sender->Stop();
  }
  budget_.Stop();
  for (std::thread& thread : claim_threads_) thread.join();
  urgent_.claims.Close();
  ordinary_.claims.Close();
  for (std::thread& thread : send_threads_) thread.join();
  urgent_.delays.Stop();
  ordinary_.delays.Stop();
  // A quarter is kept for recording the last outcomes.
  d_.transports.Shutdown(left() * 3 / 4);
  connections_.Stop();
  claims_.WaitUntilEmpty(left());
  lease_keeper_->Stop();
  {
    absl::MutexLock lock(&mutex_);
    flushing_ends_ = true;
  }
  flush_thread_.join();
}

void Worker::BeforeAccept(Lane lane) {
  if (IsUrgent(lane)) priority_gate_.AcceptBegins();
}

void Worker::AcceptEnded(Lane lane, int mails) {
  if (mails > 0) Accepted(lane, mails);
  if (IsUrgent(lane)) priority_gate_.AcceptEnds();
}

void Worker::Accepted(Lane lane, int mails) {
  if (IsUrgent(lane)) priority_gate_.UrgentArrived();
  absl::MutexLock lock(&mutex_);
  PipelineOf(lane).accepted[lane] += mails;
}

bool Worker::Stopping() const {
  absl::MutexLock lock(&mutex_);
  return stopping_;
}

void Worker::Claim(Pipeline& pipeline) {
  const auto wanted = [&pipeline](Lane) { return pipeline.claims.HasRoom(); };
  while (!Stopping()) {
    cancellations_.Refresh();
    std::optional<TakenClaim> taken = pipeline.claimer.TakeNext(wanted);
    if (!taken) {
      // Without this, mail that another replica claimed would make ordinary mail wait in vain.
      if (&pipeline == &urgent_ && urgent_claims_ == 0) {
        priority_gate_.UrgentGone(pipeline.claimer.EmptyAt());
      }
      WaitForWork(pipeline, pipeline.claimer.PollInterval(wanted));
      continue;
    }
    claims_.Open(taken->claim, taken->taken + options_.lease - kLeaseMargin);
    if (&pipeline == &urgent_) ++urgent_claims_;
    pipeline.claims.Put(*std::move(taken));
  }
}

void Worker::WaitForWork(Pipeline& pipeline, absl::Duration timeout) {
  const auto work = [&] { return stopping_ || !pipeline.accepted.empty() || pipeline.room; };
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&work), timeout);
  pipeline.room = false;
  for (const auto& [lane, mails] : pipeline.accepted) pipeline.claimer.Accepted(lane, mails);
  pipeline.accepted.clear();
}

void Worker::Send(Pipeline& pipeline, Sender& sender) {
  while (std::optional<TakenClaim> taken = pipeline.claims.Take()) {
    {
      absl::MutexLock lock(&mutex_);
      pipeline.room = true;
    }
    const absl::Time claimed = taken->taken;
    sender.Process(*std::move(taken));
    if (&pipeline != &urgent_) continue;
    --urgent_claims_;
    priority_gate_.UrgentGone(claimed);
  }
}

void Worker::Flush() {
  const auto ends = [this] {
    absl::MutexLock lock(&mutex_);
    return flushing_ends_;
  };
  while (!ends()) {
    // The first outcome starts the interval; flush_size outcomes end it early. The end of a claim
    // does not, because each receipt would then split the batches of the bulk mail beside it.
    if (!claims_.WaitForWork(absl::Milliseconds(100))) continue;
    claims_.WaitForOutcomes(options_.flush_size, options_.flush_interval);
    if (!flusher_.FlushAll()) absl::SleepFor(kFlushRetry);
  }
}

void Worker::ExtendLeases() {
  const std::vector<ClaimId> ids = claims_.Ids();
  if (ids.empty()) return;
  const absl::Time start = d_.clock.Now();
  const auto held = d_.queue.Extend(ids, options_.lease);
  // While the database is unavailable, claims stay usable until their leases expire.
  if (!held.ok()) return;
  claims_.Extended(ids, *held, start + options_.lease - kLeaseMargin);
}

}  // namespace lmsmail::dispatch
