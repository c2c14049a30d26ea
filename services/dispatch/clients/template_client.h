#pragma once

#include <algorithm>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/rpc/client_call.h"
#include "lmsmail/templates/v1/template_service.grpc.pb.h"
#include "services/dispatch/rendering/template_source.h"

namespace lmsmail::dispatch {

// Calls the template service and caches its responses. The published version is cached for two
// seconds, and longer while the service is unavailable, so that mail is still accepted. Versions
// are immutable; the most recently used are cached without a time limit. Thread-safe.
class TemplateClient final : public TemplateSource {
 public:
  using Stub = lmsmail::templates::v1::TemplateService::StubInterface;

  // `clock` must outlive this. `timeout` applies to each call, besides its deadline.
  TemplateClient(std::unique_ptr<Stub> stub, const Clock& clock, absl::Duration timeout,
                 std::size_t max_versions = 256)
      : stub_(std::move(stub)), clock_(clock), timeout_(timeout), max_versions_(max_versions) {}

  absl::StatusOr<TemplateRef> Resolve(std::string_view key, std::optional<int> version,
                                      absl::Time deadline) override;
  absl::StatusOr<std::shared_ptr<const CompiledVersion>> Get(std::string_view key, int version,
                                                             absl::Time deadline) override;

 private:
  using Version = std::shared_ptr<const CompiledVersion>;
  struct Published {
    TemplateRef ref;
    absl::Time fetch_time;
  };
  using VersionKey = std::pair<std::string, int>;
  struct CachedVersion {
    Version version;
    std::list<VersionKey>::iterator use;
  };

  absl::StatusOr<TemplateRef> ResolvePublished(std::string_view key, absl::Time deadline);
  absl::StatusOr<TemplateRef> FetchPublished(std::string_view key, absl::Time deadline);
  absl::StatusOr<Version> Fetch(std::string_view key, int version, absl::Time deadline);
  Version AddToCache(VersionKey key, Version version);
  rpc::CallOptions Options(absl::Time deadline) const {
    return rpc::WithTimeout(std::min(timeout_, deadline - absl::Now()));
  }

  const std::unique_ptr<Stub> stub_;
  const Clock& clock_;
  const absl::Duration timeout_;
  const std::size_t max_versions_;
  absl::Mutex mutex_;
  std::map<std::string, Published, std::less<>> published_ ABSL_GUARDED_BY(mutex_);
  std::map<VersionKey, CachedVersion> versions_ ABSL_GUARDED_BY(mutex_);
  std::list<VersionKey> by_use_ ABSL_GUARDED_BY(mutex_);  // most recent first
};

}  // namespace lmsmail::dispatch
