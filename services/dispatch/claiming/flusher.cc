#include "services/dispatch/claiming/flusher.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"

#include "libs/status/status_macros.h"
#include "libs/status/transient.h"
#include "services/dispatch/message/resource_names.h"

namespace lmsmail::dispatch {
namespace {

// The database refuses data that it can never accept, and also everything for a while during a
// failover to a server that is still read-only. With the worker's pause in between, this many
// refusals take some 20 seconds.
constexpr int kMaxRefusals = 100;

// Somebody waits for mail that cannot be unsubscribed from, such as a receipt.
void WarnOfFailure(const Outcome& outcome) {
  if (outcome.kind != Outcome::Kind::kFailed || !PolicyOf(outcome.category).mandatory) return;
  telemetry::LogWarning("a mail of a mandatory category failed",
                        {{"message", MessageName(outcome.id)},
                         {"traceparent", outcome.traceparent},
                         {"template", outcome.template_key},
                         {"category", NameOf(outcome.category)},
                         {"reason", NameOf(outcome.reason)},
                         {"transport", outcome.transport},
                         {"code", outcome.reply_code},
                         {"enhanced_code", outcome.enhanced_code}});
}

// Without the text of the server, which may be what the database refuses.
Outcome WithoutReplyText(Outcome outcome) {
  outcome.enhanced_code.clear();
  outcome.reply_text = "the server's reply text could not be recorded";
  return outcome;
}

}  // namespace

bool Flusher::FlushAll() {
  priority_gate_.Yield();
  bool all = true;
  for (OpenClaims::Job& job : claims_.TakeJobs()) {
    const auto handed_over =
        std::count_if(job.outcomes.begin(), job.outcomes.end(),
                      [](const Outcome& outcome) { return !outcome.content_hash.empty(); });
    const absl::Status status = Flush(job);
    if (!status.ok()) {
      all = false;
      log_.Log(telemetry::Level::kWarning, "outcomes could not be recorded; trying again",
               {{"claim", job.id}, {"outcomes", job.outcomes.size()}, {"error", status}});
      claims_.Requeue(std::move(job));
      continue;
    }
    journal_.Recorded(job.outcomes);
    metrics_.CountOutcomes(job.outcomes);
    for (const Outcome& outcome : job.outcomes) WarnOfFailure(outcome);
    budget_.Release(static_cast<int>(handed_over));
    claims_.Finish(job);
  }
  metrics_.in_flight.Set(budget_.in_use());
  metrics_.journal_in_use.Set(journal_.in_use());
  return all;
}

absl::Status Flusher::Flush(OpenClaims::Job& job) {
  const absl::Time start = absl::Now();
  absl::Status status = FlushTogether(job);
  if (!status.ok() && !IsTransient(status)) status = FlushOneByOne(job);
  LMSMAIL_RETURN_IF_ERROR(status);
  metrics_.flush_seconds.Observe(absl::ToDoubleSeconds(absl::Now() - start));
  return absl::OkStatus();
}

absl::Status Flusher::FlushTogether(const OpenClaims::Job& job) {
  const bool ends = job.last && !given_up_.contains(job.id);
  if (!job.outcomes.empty() || (ends && !job.release_rest)) {
    LMSMAIL_RETURN_IF_ERROR(Record(job.id, job.outcomes, ends && !job.release_rest));
  }
  if (ends && job.release_rest) {
    LMSMAIL_ASSIGN_OR_RETURN([[maybe_unused]] const int released, queue_.Release(job.id));
  }
  // Entries that are given up name their claim themselves.
  if (job.last) journal_.ClaimEnded(job.id);
  refused_.erase(job.id);
  if (job.last) given_up_.erase(job.id);
  return absl::OkStatus();
}

absl::Status Flusher::FlushOneByOne(OpenClaims::Job& job) {
  std::vector<Outcome> recorded;
  for (const Outcome& outcome : job.outcomes) {
    absl::Status status = Record(job.id, {outcome}, false);
    if (!status.ok() && !IsTransient(status))
      status = Record(job.id, {WithoutReplyText(outcome)}, false);
    if (status.ok()) {
      recorded.push_back(outcome);
      continue;
    }
    if (IsTransient(status) || ++refused_[job.id] < kMaxRefusals) return status;
    telemetry::LogError("an outcome was given up: the database refuses it",
                        {{"claim", job.id},
                         {"message", outcome.id},
                         {"kind", NameOf(outcome.kind)},
                         {"error", status}});
    metrics_.CountUnrecorded(1);
    journal_.GivenUp(outcome);
    given_up_.insert(job.id);
  }
  job.outcomes = std::move(recorded);
  const OpenClaims::Job rest{
      .id = job.id, .outcomes = {}, .last = job.last, .release_rest = job.release_rest};
  const absl::Status status = FlushTogether(rest);
  if (status.ok() || IsTransient(status)) return status;
  if (++refused_[job.id] < kMaxRefusals) return status;
  telemetry::LogError("a claim could not be ended; its lease will expire",
                      {{"claim", job.id}, {"error", status}});
  if (job.last) journal_.ClaimEnded(job.id);
  refused_.erase(job.id);
  given_up_.erase(job.id);
  return absl::OkStatus();
}

absl::Status Flusher::Record(ClaimId claim, absl::Span<const Outcome> outcomes, bool last) {
  LMSMAIL_ASSIGN_OR_RETURN(const FlushResult result, queue_.Flush(claim, outcomes, last));
  if (!result.live) {
    log_.Log(telemetry::Level::kWarning,
             "a lease expired before its outcomes were recorded; only sent mails were recorded",
             {{"claim", claim}, {"outcomes", outcomes.size()}});
  }
  return absl::OkStatus();
}

}  // namespace lmsmail::dispatch
