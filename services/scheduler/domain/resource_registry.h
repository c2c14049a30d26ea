#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/etag/etag.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/scheduler/domain/idempotency.h"
#include "services/scheduler/storage/resource_store.h"

namespace lmsmail::scheduler {

// What staff do with resources of one kind, which has EtagOf() and NameOf(). Creating is idempotent
// by request id; changes are guarded by the etag. Thread-safe.
template <typename Resource>
class ResourceRegistry {
 public:
  ResourceRegistry(ResourceStore<Resource>& store, RequestStore& requests, const Clock& clock)
      : store_(store), requests_(requests), clock_(clock) {}

  absl::StatusOr<Resource> Get(std::string_view id, absl::Time deadline) {
    return store_.Find(id, deadline);
  }
  absl::StatusOr<std::vector<Resource>> List(std::string_view after_id, int limit,
                                             absl::Time deadline) {
    return store_.List(after_id, limit, deadline);
  }
  absl::Status Delete(std::string_view id, std::string_view etag, absl::Time deadline) {
    if (etag.empty()) return store_.Delete(id, std::nullopt, deadline);
    LMSMAIL_ASSIGN_OR_RETURN(const Resource resource, store_.Find(id, deadline));
    LMSMAIL_RETURN_IF_ERROR(etag::Check(etag, EtagOf(resource), NameOf(resource)));
    return store_.Delete(id, resource.revision, deadline);
  }

 protected:
  // `resource` is valid. `validate_only` stores nothing.
  absl::StatusOr<Resource> CreateOnce(Resource resource, RequestRecord request, bool validate_only,
                                      absl::Time deadline) {
    LMSMAIL_ASSIGN_OR_RETURN(const std::string created,
                             FindCreatedResource(requests_, request, deadline));
    if (!created.empty()) return store_.Find(resource.id, deadline);

    resource.create_time = resource.update_time = request.time = clock_.Now();
    request.resource = NameOf(resource);
    const absl::Status taken = AlreadyExists(request.resource, "choose another id, or update it");
    if (validate_only) {
      const absl::Status existing = store_.Find(resource.id, deadline).status();
      if (absl::IsNotFound(existing)) return resource;
      return existing.ok() ? taken : existing;
    }
    const absl::Status stored = store_.Create(resource, request, deadline);
    if (stored.ok()) return resource;
    if (!absl::IsAlreadyExists(stored)) return stored;
    // Either the id is taken, or a concurrent call used the request id.
    LMSMAIL_ASSIGN_OR_RETURN(const std::string meanwhile,
                             FindCreatedResource(requests_, request, deadline));
    if (meanwhile.empty()) return taken;
    return store_.Find(resource.id, deadline);
  }

  // Stores what `edit` makes of the resource; `edit` returns false to leave it as it is. Without an
  // etag, an edit that loses against a concurrent one is repeated.
  absl::StatusOr<Resource> Modify(std::string_view id, std::string_view etag, absl::Time deadline,
                                  absl::FunctionRef<absl::StatusOr<bool>(Resource&)> edit) {
    constexpr int kMaxAttempts = 5;
    for (int attempt = 1;; ++attempt) {
      LMSMAIL_ASSIGN_OR_RETURN(Resource resource, store_.Find(id, deadline));
      LMSMAIL_ASSIGN_OR_RETURN(const bool changed, edit(resource));
      LMSMAIL_RETURN_IF_ERROR(etag::Check(etag, EtagOf(resource), NameOf(resource)));
      if (!changed) return resource;
      resource.update_time = clock_.Now();
      ++resource.revision;
      const absl::Status stored = store_.Update(resource, deadline);
      if (stored.ok()) return resource;
      if (!absl::IsAborted(stored) || !etag.empty() || attempt == kMaxAttempts) return stored;
    }
  }

  const Clock& clock() const { return clock_; }
  RequestStore& requests() { return requests_; }

 private:
  ResourceStore<Resource>& store_;
  RequestStore& requests_;
  const Clock& clock_;
};

}  // namespace lmsmail::scheduler
