#include "services/preference/storage/in_memory_preference_store.h"

#include <algorithm>
#include <ranges>
#include <tuple>
#include <utility>

#include "libs/status/error_details.h"
#include "services/preference/domain/resource_names.h"

namespace lmsmail::preference {
namespace {

absl::Status NoSuchRecipient(std::string_view id) { return NotFound(RecipientName(id)); }

bool Matches(const AddressKey& address, std::string_view canonical, std::string_view id) {
  return canonical == address.canonical || std::ranges::count(address.hashes, id) > 0;
}

}  // namespace

absl::StatusOr<Registered> InMemoryPreferenceStore::UpsertRecipients(
    absl::Span<const Registration> registrations, const DefaultConsent& defaults, absl::Time now,
    absl::Time) {
  absl::MutexLock lock(&mutex_);
  Registered registered;
  for (const Registration& registration : registrations) {
    const auto [found, is_new] = people_.try_emplace(registration.recipient.id);
    Person& person = found->second;
    Recipient recipient = registration.recipient;
    recipient.create_time = is_new ? now : person.recipient.create_time;
    recipient.update_time = person.recipient.update_time;
    if (is_new || recipient != person.recipient) recipient.update_time = now;
    person.recipient = recipient;
    person.address = registration.address;
    if (is_new) {
      ApplyMissingDefaults(person, defaults, now);
      person.tracking.allowed = defaults.tracking_allowed;
    }
    registered.created_count += is_new ? 1 : 0;
    registered.recipients.push_back(std::move(recipient));
  }
  return registered;
}

absl::StatusOr<Recipient> InMemoryPreferenceStore::GetRecipient(std::string_view id, absl::Time) {
  absl::MutexLock lock(&mutex_);
  const auto found = people_.find(id);
  if (found == people_.end()) return NoSuchRecipient(id);
  return found->second.recipient;
}

absl::StatusOr<std::vector<Recipient>> InMemoryPreferenceStore::ListRecipients(
    const RecipientQuery& query, absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<Recipient> recipients;
  for (auto i = people_.upper_bound(query.after_id);
       i != people_.end() && std::cmp_less(recipients.size(), query.limit); ++i) {
    const Person& person = i->second;
    if (!query.canonical_address || person.address.canonical == *query.canonical_address) {
      recipients.push_back(person.recipient);
    }
  }
  return recipients;
}

absl::StatusOr<RecipientConsent> InMemoryPreferenceStore::GetConsent(std::string_view recipient_id,
                                                                     absl::Time) {
  absl::MutexLock lock(&mutex_);
  const auto found = people_.find(recipient_id);
  if (found == people_.end()) return NoSuchRecipient(recipient_id);
  return ConsentOf(found->second);
}

absl::StatusOr<RecipientConsent> InMemoryPreferenceStore::RecordConsent(const ConsentChange& change,
                                                                        absl::Time) {
  absl::MutexLock lock(&mutex_);
  const auto found = people_.find(change.recipient_id);
  if (found == people_.end()) return NoSuchRecipient(change.recipient_id);
  for (const Category category : change.categories) {
    Person& person = found->second;
    CategoryConsent& consent = person.consent[category];
    const bool answers = change.subscribed && Refuses(person.address, category);
    if (change.subscribed) {
      for (const std::string& hash : person.address.hashes) refusals_.erase({hash, category});
    }
    if (consent.update_time && consent.subscribed == change.subscribed && !answers) continue;
    consent = {category, change.subscribed, change.change_time};
    Record(change.recipient_id, category,
           change.subscribed ? ConsentAction::kSubscribed : ConsentAction::kUnsubscribed,
           change.source, change.change_time);
  }
  return ConsentOf(found->second);
}

absl::StatusOr<RecipientConsent> InMemoryPreferenceStore::RecordTracking(
    const TrackingChange& change, absl::Time) {
  absl::MutexLock lock(&mutex_);
  const auto found = people_.find(change.recipient_id);
  if (found == people_.end()) return NoSuchRecipient(change.recipient_id);
  TrackingConsent& tracking = found->second.tracking;
  if (!tracking.update_time || tracking.allowed != change.allowed) {
    tracking = {change.allowed, change.change_time};
    Record(change.recipient_id, std::nullopt,
           change.allowed ? ConsentAction::kTrackingAllowed : ConsentAction::kTrackingRefused,
           change.source, change.change_time);
  }
  return ConsentOf(found->second);
}

absl::StatusOr<std::vector<bool>> InMemoryPreferenceStore::TrackingAllowed(
    absl::Span<const std::string> ids, absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<bool> allowed;
  for (const std::string& id : ids) {
    const auto found = people_.find(id);
    allowed.push_back(found != people_.end() && found->second.tracking.allowed);
  }
  return allowed;
}

absl::StatusOr<std::int64_t> InMemoryPreferenceStore::ApplyDefaults(const DefaultConsent& defaults,
                                                                    absl::Time now, absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::int64_t count = 0;
  for (Person& person : people_ | std::views::values) {
    count += ApplyMissingDefaults(person, defaults, now) ? 1 : 0;
  }
  return count;
}

absl::StatusOr<std::vector<ConsentEvent>> InMemoryPreferenceStore::ListConsentEvents(
    const ConsentEventQuery& query, absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<ConsentEvent> events;
  for (const auto& [subject, event] : events_ | std::views::reverse) {
    if (std::cmp_equal(events.size(), query.limit)) break;
    const bool wanted =
        subject == query.recipient_id || std::ranges::count(query.subject_hashes, subject) > 0;
    if (wanted && (!query.before_id || event.id < *query.before_id)) events.push_back(event);
  }
  return events;
}

absl::StatusOr<Suppression> InMemoryPreferenceStore::AddSuppression(const AddressKey& address,
                                                                    const Suppression& suppression,
                                                                    absl::Time) {
  absl::MutexLock lock(&mutex_);
  if (const Suppression* const found = FindSuppression(address)) return *found;
  Entry& entry = suppressions_[address.hashes.front()];
  entry = {address.canonical, suppression};
  entry.suppression.id = address.hashes.front();
  return entry.suppression;
}

absl::Status InMemoryPreferenceStore::RemoveSuppressionById(std::string_view id, absl::Time) {
  absl::MutexLock lock(&mutex_);
  if (suppressions_.erase(std::string(id)) > 0) return absl::OkStatus();
  return NotFound(SuppressionName(id));
}

absl::Status InMemoryPreferenceStore::RemoveSuppressionOf(const AddressKey& address, absl::Time) {
  absl::MutexLock lock(&mutex_);
  absl::Time oldest;
  if (RemoveEntries(address, &oldest) > 0) return absl::OkStatus();
  return NotFound(SuppressionName(address.hashes.front()));
}

absl::StatusOr<std::vector<Suppression>> InMemoryPreferenceStore::ListSuppressions(
    const SuppressionQuery& query, absl::Time) {
  absl::MutexLock lock(&mutex_);
  const auto key = [](const Suppression& s) { return std::tuple(s.create_time, s.id); };
  std::vector<Suppression> suppressions;
  for (const Entry& entry : suppressions_ | std::views::values) {
    const Suppression& suppression = entry.suppression;
    if (query.reason && suppression.reason != *query.reason) continue;
    if (query.after && key(suppression) >= std::tuple(query.after->create_time, query.after->id)) {
      continue;
    }
    suppressions.push_back(suppression);
  }
  std::ranges::sort(suppressions, std::greater<>(), key);
  if (std::cmp_greater(suppressions.size(), query.limit)) {
    suppressions.resize(static_cast<std::size_t>(query.limit));
  }
  return suppressions;
}

absl::StatusOr<std::vector<CheckFacts>> InMemoryPreferenceStore::Check(
    absl::Span<const CheckQuery> queries, absl::Time) {
  absl::MutexLock lock(&mutex_);
  std::vector<CheckFacts> all;
  for (const CheckQuery& query : queries) {
    CheckFacts facts;
    const auto found =
        query.recipient_id.empty() ? people_.end() : people_.find(query.recipient_id);
    const Suppression* suppression = query.address ? FindSuppression(*query.address) : nullptr;
    if (query.address) CheckAddress(query, facts);
    if (found != people_.end()) {
      const Person& person = found->second;
      facts.recipient = person.recipient;
      facts.tracking_allowed = person.tracking.allowed;
      suppression = FindSuppression(person.address);
      facts.refused_by_address = Refuses(person.address, query.category);
      if (const auto consent = person.consent.find(query.category);
          consent != person.consent.end()) {
        facts.subscribed = consent->second.subscribed;
        facts.explicitly_set = consent->second.update_time.has_value();
      }
    }
    if (suppression != nullptr) facts.suppression = suppression->reason;
    all.push_back(std::move(facts));
  }
  return all;
}

void InMemoryPreferenceStore::InsertWithoutConsent(const Registration& registration) {
  absl::MutexLock lock(&mutex_);
  people_[registration.recipient.id] = {registration.recipient, registration.address};
}

bool InMemoryPreferenceStore::ApplyMissingDefaults(Person& person, const DefaultConsent& defaults,
                                                   absl::Time now) {
  bool applied = false;
  for (const Category category : OptionalCategories()) {
    const bool subscribed = defaults.subscribed.contains(category);
    if (!person.consent.try_emplace(category, CategoryConsent{category, subscribed, std::nullopt})
             .second) {
      continue;
    }
    applied = true;
    if (subscribed) {
      Record(person.recipient.id, category, ConsentAction::kSubscribed,
             {ConsentMethod::kDefault, "", defaults.consent_text}, now);
    }
  }
  return applied;
}

void InMemoryPreferenceStore::Record(std::string subject, std::optional<Category> category,
                                     ConsentAction action, const ConsentSource& source,
                                     absl::Time time) {
  const auto id = static_cast<std::int64_t>(events_.size()) + 1;
  events_.push_back({std::move(subject), {id, category, action, source, time}});
}

const Suppression* InMemoryPreferenceStore::FindSuppression(const AddressKey& address) const {
  for (const auto& [id, entry] : suppressions_) {
    if (Matches(address, entry.canonical, id)) return &entry.suppression;
  }
  return nullptr;
}

std::size_t InMemoryPreferenceStore::RemoveEntries(const AddressKey& address, absl::Time* oldest) {
  return std::erase_if(suppressions_, [&](const auto& each) {
    const auto& [id, entry] = each;
    if (!Matches(address, entry.canonical, id)) return false;
    *oldest = std::min(*oldest, entry.suppression.create_time);
    return true;
  });
}

bool InMemoryPreferenceStore::Refuses(const AddressKey& address, Category category) const {
  absl::Time refused = absl::InfinitePast();
  absl::Time agreed = absl::InfinitePast();
  for (const Person& person : people_ | std::views::values) {
    if (person.address.canonical != address.canonical) continue;
    const auto consent = person.consent.find(category);
    if (consent == person.consent.end() || !consent->second.update_time) continue;
    absl::Time& newest = consent->second.subscribed ? agreed : refused;
    newest = std::max(newest, *consent->second.update_time);
  }
  for (const std::string& hash : address.hashes) {
    const auto kept = refusals_.find({hash, category});
    if (kept != refusals_.end()) refused = std::max(refused, kept->second);
  }
  return refused != absl::InfinitePast() && refused >= agreed;
}

void InMemoryPreferenceStore::CheckAddress(const CheckQuery& query, CheckFacts& facts) const {
  facts.refused_by_address = Refuses(*query.address, query.category);
  for (const auto& [id, person] : people_) {
    if (person.address.canonical != query.address->canonical) continue;
    if (facts.owner_id.empty()) facts.owner_id = id;
    const auto consent = person.consent.find(query.category);
    if (consent == person.consent.end()) continue;
    facts.subscribed = facts.subscribed.value_or(false) || consent->second.subscribed;
  }
}

RecipientConsent InMemoryPreferenceStore::ConsentOf(const Person& person) const {
  RecipientConsent consent;
  for (const CategoryConsent& each : person.consent | std::views::values) {
    consent.categories.push_back(each);
    if (Refuses(person.address, each.category)) consent.categories.back().subscribed = false;
  }
  consent.suppressed = FindSuppression(person.address) != nullptr;
  consent.tracking = person.tracking;
  return consent;
}

}  // namespace lmsmail::preference
