#include "services/template/storage/in_memory_template_store.h"

#include <algorithm>

#include "libs/resource_name/name.h"
#include "libs/status/error_details.h"

namespace lmsmail::templates {
namespace {

using resource_name::TemplateName;

int NumberOf(VersionSelector version, const Template& state) {
  switch (version.kind) {
    case VersionSelector::Kind::kNumber:
      return version.number;
    case VersionSelector::Kind::kPublished:
      return state.published_version;
    case VersionSelector::Kind::kLatest:
      return state.latest_version;
    case VersionSelector::Kind::kShown:
      return state.published_version != 0 ? state.published_version : state.latest_version;
  }
  return 0;
}

}  // namespace

absl::StatusOr<Found> InMemoryTemplateStore::Find(std::string_view id, VersionSelector version,
                                                  absl::Time /*deadline*/) {
  absl::MutexLock lock(&mutex_);
  const auto entry = templates_.find(id);
  if (entry == templates_.end()) return NotFound(TemplateName(id));
  Found found{entry->second.state, std::nullopt};
  const auto& versions = entry->second.versions;
  if (const auto it = versions.find(NumberOf(version, found.state)); it != versions.end()) {
    found.version = it->second;
  }
  return found;
}

absl::StatusOr<std::vector<Template>> InMemoryTemplateStore::List(const ListQuery& query,
                                                                  absl::Time /*deadline*/) {
  absl::MutexLock lock(&mutex_);
  std::vector<Template> out;
  for (auto it = templates_.upper_bound(query.after_id); it != templates_.end(); ++it) {
    const Template& state = it->second.state;
    if (static_cast<int>(out.size()) == query.limit) break;
    if (query.category && *query.category != state.category) continue;
    if (state.delete_time && !query.show_deleted) continue;
    out.push_back(state);
  }
  return out;
}

absl::StatusOr<std::vector<Version>> InMemoryTemplateStore::ListVersions(std::string_view id,
                                                                         int below, int limit,
                                                                         absl::Time /*deadline*/) {
  absl::MutexLock lock(&mutex_);
  std::vector<Version> out;
  const auto entry = templates_.find(id);
  if (entry == templates_.end()) return out;
  const auto& versions = entry->second.versions;
  auto it = versions.lower_bound(below);
  while (it != versions.begin() && static_cast<int>(out.size()) < limit) {
    out.push_back((--it)->second);
  }
  return out;
}

absl::StatusOr<Publication> InMemoryTemplateStore::GetPublication(std::string_view id, int number,
                                                                  absl::Time /*deadline*/) {
  absl::MutexLock lock(&mutex_);
  const auto entry = templates_.find(id);
  if (entry == templates_.end()) return NotFound(TemplateName(id));
  const auto& publications = entry->second.publications;
  const auto it = publications.find(number);
  if (it == publications.end()) return absl::NotFoundError("the publication does not exist");
  return it->second;
}

absl::StatusOr<bool> InMemoryTemplateStore::HasContent(std::string_view id, std::string_view digest,
                                                       absl::Time /*deadline*/) {
  absl::MutexLock lock(&mutex_);
  const auto entry = templates_.find(id);
  return entry != templates_.end() &&
         std::ranges::any_of(entry->second.versions,
                             [&](const auto& version) { return version.second.digest == digest; });
}

absl::Status InMemoryTemplateStore::Create(const Change& first,
                                           const std::optional<IdempotencyRecord>& record,
                                           absl::Time /*deadline*/) {
  absl::MutexLock lock(&mutex_);
  if (templates_.contains(first.state.id)) {
    return AlreadyExists(TemplateName(first.state.id), "already exists");
  }
  if (record && !records_.try_emplace(record->request_id, *record).second) {
    return absl::AlreadyExistsError("the request id already exists");
  }
  Apply(first, templates_[first.state.id]);
  return absl::OkStatus();
}

absl::Status InMemoryTemplateStore::Update(const Change& change, absl::Time /*deadline*/) {
  absl::MutexLock lock(&mutex_);
  const auto entry = templates_.find(change.state.id);
  if (entry == templates_.end() || entry->second.state.revision + 1 != change.state.revision) {
    return absl::AbortedError("the template was changed concurrently");
  }
  Apply(change, entry->second);
  return absl::OkStatus();
}

void InMemoryTemplateStore::Apply(const Change& change, Entry& entry) {
  entry.state = change.state;
  if (change.version) entry.versions.emplace(change.version->number, *change.version);
  if (change.publication) {
    entry.publications.emplace(change.publication->number, *change.publication);
  }
}

absl::StatusOr<std::optional<IdempotencyRecord>> InMemoryTemplateStore::FindRecord(
    std::string_view request_id, absl::Time /*deadline*/) {
  absl::MutexLock lock(&mutex_);
  const auto it = records_.find(request_id);
  if (it == records_.end()) return std::nullopt;
  return it->second;
}

absl::StatusOr<int> InMemoryTemplateStore::DeleteRecordsBefore(absl::Time before,
                                                               absl::Time /*deadline*/) {
  absl::MutexLock lock(&mutex_);
  return static_cast<int>(std::erase_if(
      records_, [&](const auto& record) { return record.second.create_time < before; }));
}

}  // namespace lmsmail::templates
