#include <algorithm>
#include <ranges>
#include <utility>

#include "libs/status/error_details.h"
#include "services/preference/domain/resource_names.h"
#include "services/preference/storage/in_memory_preference_store.h"

namespace lmsmail::preference {

absl::StatusOr<ErasureJob> InMemoryPreferenceStore::EraseRecipient(const Erasure& erasure,
                                                                   absl::Time) {
  absl::MutexLock lock(&mutex_);
  const auto found = people_.find(erasure.recipient_id);
  std::string address;
  if (!erasure.address) {
    if (found != people_.end()) return absl::AbortedError("the recipient was created concurrently");
  } else if (found == people_.end()) {
    return NotFound(RecipientName(erasure.recipient_id));
  } else if (found->second.address.canonical != erasure.address->canonical) {
    return absl::AbortedError("the recipient was changed concurrently: repeat the call");
  } else {
    const Person person = found->second;
    people_.erase(found);
    if (!Forget(person, erasure)) address = person.recipient.email_address;
  }
  const auto id = static_cast<std::int64_t>(erasures_.size()) + 1;
  erasures_.push_back(
      {{id, {kErasingServices.begin(), kErasingServices.end()}, erasure.erase_time, std::nullopt},
       {id, erasure.recipient_id, address}});
  return erasures_.back().job;
}

bool InMemoryPreferenceStore::Forget(const Person& person, const Erasure& erasure) {
  const bool shared = std::ranges::any_of(people_ | std::views::values, [&](const Person& other) {
    return other.address.canonical == person.address.canonical;
  });
  absl::Time since = erasure.erase_time;
  if (!shared && RemoveEntries(*erasure.address, &since) > 0) {
    const std::string& id = erasure.address->hashes.front();
    suppressions_[id] = {"", {id, "", SuppressionReason::kErased, "", since}};
  }
  KeepRefusals(person, erasure, shared);
  for (RecordedEvent& recorded : events_) {
    if (recorded.subject != erasure.recipient_id) continue;
    recorded.subject = erasure.subject_hash;
    recorded.event.source.actor.clear();
    recorded.event.source.consent_text.clear();
  }
  Record(erasure.subject_hash, std::nullopt, ConsentAction::kErased, {}, erasure.erase_time);
  return shared;
}

void InMemoryPreferenceStore::KeepRefusals(const Person& erased, const Erasure& erasure,
                                           bool shared) {
  for (const Category category : OptionalCategories()) {
    absl::Time time = erasure.erase_time;
    if (shared) {
      const auto consent = erased.consent.find(category);
      if (consent == erased.consent.end() || consent->second.subscribed) continue;
      if (!consent->second.update_time) continue;
      time = *consent->second.update_time;
    }
    absl::Time& kept =
        refusals_.try_emplace({erasure.address->hashes.front(), category}, absl::InfinitePast())
            .first->second;
    kept = std::max(kept, time);
  }
}

absl::StatusOr<ErasureJob> InMemoryPreferenceStore::GetErasure(std::int64_t id, absl::Time) {
  absl::MutexLock lock(&mutex_);
  if (id < 1 || std::cmp_greater(id, erasures_.size())) return NotFound(ErasureName(id));
  return erasures_[static_cast<std::size_t>(id) - 1].job;
}

absl::StatusOr<std::vector<ErasureJob>> InMemoryPreferenceStore::ListErasures(
    const ErasureQuery& query, absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<ErasureJob> jobs;
  for (const RecordedErasure& each : erasures_ | std::views::reverse) {
    if (std::cmp_equal(jobs.size(), query.limit)) break;
    if (query.before_id && each.job.id >= *query.before_id) continue;
    if (query.running_only && each.job.end_time) continue;
    jobs.push_back(each.job);
  }
  return jobs;
}

absl::StatusOr<std::vector<PendingErasure>> InMemoryPreferenceStore::PendingErasures(
    std::string_view service, int limit, absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<PendingErasure> pending;
  for (const RecordedErasure& each : erasures_) {
    if (std::cmp_equal(pending.size(), limit)) break;
    const auto& services = each.job.pending_services;
    if (!services.empty() && services.front() == service) pending.push_back(each.pending);
  }
  return pending;
}

absl::Status InMemoryPreferenceStore::AcknowledgeErasure(std::int64_t id, std::string_view service,
                                                         absl::Time now, absl::Time) {
  absl::MutexLock lock(&mutex_);
  if (id < 1 || std::cmp_greater(id, erasures_.size())) return NotFound(ErasureName(id));
  RecordedErasure& erasure = erasures_[static_cast<std::size_t>(id) - 1];
  if (std::erase(erasure.job.pending_services, service) == 0) return absl::OkStatus();
  if (!erasure.job.pending_services.empty()) return absl::OkStatus();
  erasure.job.end_time = now;
  erasure.pending = {};
  return absl::OkStatus();
}

absl::StatusOr<RunningErasures> InMemoryPreferenceStore::MeasureErasures(absl::Time) {
  absl::MutexLock lock(&mutex_);
  RunningErasures running;
  for (const RecordedErasure& each : erasures_) {
    if (each.job.end_time) continue;
    ++running.count;
    if (!running.oldest_create_time) running.oldest_create_time = each.job.create_time;
  }
  return running;
}

}  // namespace lmsmail::preference
