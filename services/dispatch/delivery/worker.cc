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

// No mail is handed over in the last moments of a lease, for transmission takes time as well.
constexpr absl::Duration kLeaseMargin = absl::Seconds(5);
constexpr absl::Duration kFlushRetry = absl::Milliseconds(200);
constexpr unsigned kMostOrdinarySenders = 4;

// Of the calling thread, as `top -H` shows it; at most 15 characters.
void NameThread(const char* name) { pthread_setname_np(pthread_self(), name); }

Sender::Dependencies ForSender(const Worker::Dependencies& d, const Worker::Options& options,
                               OpenClaims& claims, CancellationWatch& cancellations,
                               InFlightBudget& budget, RateLimits& limits, DelayQueue& timer) {
  return {.clock = d.clock,
          .claims = claims,
          .cancellations = cancellations,
          .budget = budget,
          .limits = limits,
          .timer = timer,
          .recipients = d.recipients,
          .templates = d.templates,
          .transports = d.transports,
          .bounces = d.bounces,
          .journal = d.journal,
          .site = d.site,
          .message_ids = d.message_ids,
          .policy = options.policy,
          .max_message_bytes = options.max_message_bytes};
}

}  // namespace

Worker::Worker(Dependencies dependencies, Options options)
    : d_(dependencies),
      options_(std::move(options)),
      cancellations_(d_.queue, d_.clock),
      budget_(options_.max_in_flight, options_.max_in_flight / 4),
      limits_(d_.limits, d_.clock, options_.limits),
      connections_(d_.connections, d_.transports, d_.clock, options_.name),
      priority_gate_(d_.clock),
      urgent_timer_(d_.clock),
      ordinary_timer_(d_.clock),
      flusher_(d_.queue, claims_, budget_, d_.journal, priority_gate_, d_.metrics),
      urgent_{.claimer = MakeClaimer({Lane::kCritical, Lane::kTransactional}, nullptr)},
      ordinary_{.claimer = MakeClaimer({Lane::kNotification, Lane::kBulk}, &priority_gate_)} {
  const auto add_sender = [this](Way& way, DelayQueue& timer, PriorityGate* yields_to) {
    Sender::Dependencies with =
        ForSender(d_, options_, claims_, cancellations_, budget_, limits_, timer);
    with.yields_to = yields_to;
    way.senders.push_back(std::make_unique<Sender>(std::move(with)));
  };
  add_sender(urgent_, urgent_timer_, nullptr);
  const unsigned senders =
      std::clamp(std::thread::hardware_concurrency(), 1U, kMostOrdinarySenders);
  for (unsigned i = 0; i < senders; ++i) add_sender(ordinary_, ordinary_timer_, &priority_gate_);
}

Claimer Worker::MakeClaimer(std::vector<Lane> lanes, PriorityGate* yields_to) const {
  return Claimer(d_.queue, d_.clock, d_.metrics,
                 {.worker = options_.name,
                  .lanes = std::move(lanes),
                  .batch = options_.batch,
                  .lease = options_.lease,
                  .yields_to = yields_to});
}

Worker::~Worker() { Stop(absl::Now()); }

void Worker::Start() {
  if (!claim_threads_.empty()) return;
  connections_.Start();
  flush_thread_ = std::thread([this] {
    NameThread("flusher");
    Flush();
  });
  urgent_timer_.Start();
  ordinary_timer_.Start();
  send_threads_.emplace_back([this] {
    NameThread("writer-urgent");
    Send(urgent_, *urgent_.senders.front());
  });
  for (const auto& sender : ordinary_.senders) {
    send_threads_.emplace_back([this, &sender] {
      NameThread("writer");
      // The thread's own on Linux (setpriority(2), NOTES).
      setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kRenderThreadNice);
      Send(ordinary_, *sender);
    });
  }
  lease_keeper_ =
      std::make_unique<lifecycle::Periodic>("leases", options_.lease / 3, [this] { KeepLeases(); });
  for (Way* way : {&urgent_, &ordinary_}) {
    claim_threads_.emplace_back([this, way] {
      NameThread("claimer");
      Claim(*way);
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
  for (Way* way : {&urgent_, &ordinary_}) {
    for (const auto& sender : way->senders) sender->Stop();
  }
  budget_.Stop();
  for (std::thread& thread : claim_threads_) thread.join();
  urgent_.claims.Close();
  ordinary_.claims.Close();
  for (std::thread& thread : send_threads_) thread.join();
  urgent_timer_.Stop();
  ordinary_timer_.Stop();
  // A little is kept for recording what became of the last mails.
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
  if (IsUrgent(lane)) priority_gate_.UrgentArrived();
}

void Worker::Accepted(Lane lane) {
  BeforeAccept(lane);
  absl::MutexLock lock(&mutex_);
  WayOf(lane).accepted.insert(lane);
}

bool Worker::Stopping() const {
  absl::MutexLock lock(&mutex_);
  return stopping_;
}

void Worker::Claim(Way& way) {
  const auto wanted = [&way](Lane) { return way.claims.HasRoom(); };
  while (!Stopping()) {
    cancellations_.Refresh();
    std::optional<TakenClaim> taken = way.claimer.TakeNext(wanted);
    if (!taken) {
      WaitForNews(way, way.claimer.Rest(wanted));
      continue;
    }
    claims_.Open(taken->claim, taken->taken + options_.lease - kLeaseMargin);
    d_.journal.ClaimOpened(taken->claim.id);
    way.claims.Put(*std::move(taken));
  }
}

void Worker::WaitForNews(Way& way, absl::Duration at_most) {
  const auto news = [&] { return stopping_ || !way.accepted.empty() || way.room; };
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&news), at_most);
  way.room = false;
  for (const Lane lane : way.accepted) way.claimer.Accepted(lane);
  way.accepted.clear();
}

void Worker::Send(Way& way, Sender& sender) {
  while (std::optional<TakenClaim> taken = way.claims.Take()) {
    {
      absl::MutexLock lock(&mutex_);
      way.room = true;
    }
    const absl::Time claimed = taken->taken;
    sender.Process(*std::move(taken));
    if (&way == &urgent_) priority_gate_.UrgentSent(claimed);
  }
}

void Worker::Flush() {
  const auto ends = [this] {
    absl::MutexLock lock(&mutex_);
    return flushing_ends_;
  };
  while (!ends()) {
    // The first outcome starts the interval; enough of them, or the end of a claim, cut it short.
    if (!claims_.WaitForWork(1, absl::Milliseconds(100))) continue;
    claims_.WaitForWork(options_.flush_size, options_.flush_interval);
    if (!flusher_.FlushAll()) absl::SleepFor(kFlushRetry);
  }
}

void Worker::KeepLeases() {
  const std::vector<ClaimId> ids = claims_.Ids();
  if (ids.empty()) return;
  const absl::Time start = d_.clock.Now();
  const auto held = d_.queue.Extend(ids, options_.lease);
  // While the database is away the claims stay usable until their leases' end, and no longer.
  if (!held.ok()) return;
  claims_.Extended(ids, *held, start + options_.lease - kLeaseMargin);
}

}  // namespace lmsmail::dispatch
