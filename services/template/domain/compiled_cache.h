#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "libs/render/template.h"
#include "services/template/domain/template.h"

namespace lmsmail::templates {

absl::StatusOr<std::shared_ptr<const render::Template>> Compile(const TemplateContent& content,
                                                                const LocalizedContent& localized);

// Keeps the `capacity` most recently used compiled languages of stored versions. Thread-safe.
class CompiledCache {
 public:
  explicit CompiledCache(std::size_t capacity) : capacity_(capacity) {}

  // `localized` is one of the languages of `version`.
  absl::StatusOr<std::shared_ptr<const render::Template>> Get(const Version& version,
                                                              const LocalizedContent& localized);

  std::size_t size() const;

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const render::Template> compiled;
  };

  std::shared_ptr<const render::Template> Find(const std::string& key);
  void Keep(const std::string& key, std::shared_ptr<const render::Template> compiled);

  const std::size_t capacity_;
  mutable absl::Mutex mutex_;
  std::list<Entry> by_use_ ABSL_GUARDED_BY(mutex_);  // most recent first
  absl::flat_hash_map<std::string, std::list<Entry>::iterator> by_key_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::templates
