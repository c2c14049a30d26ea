#include "services/template/compiled_cache.h"

#include <utility>

#include "libs/status/status_macros.h"
#include "services/template/declarations.h"

namespace lmsmail::templates {

absl::StatusOr<std::shared_ptr<const render::Template>> Compile(const Wording& wording,
                                                                const LocalizedContent& content) {
  return render::Template::Compile(
      {.subject = content.subject, .html = content.html, .text = content.text},
      ToRender(wording.variables));
}

absl::StatusOr<std::shared_ptr<const render::Template>> CompiledCache::Get(
    const Version& version, const LocalizedContent& content) {
  // Equal digests mean equal wording, whichever template and version it is of.
  const std::string key = version.digest + content.language_code;
  if (auto compiled = Find(key)) return compiled;
  LMSMAIL_ASSIGN_OR_RETURN(auto compiled, Compile(version.wording, content));
  Keep(key, compiled);
  return compiled;
}

std::size_t CompiledCache::size() const {
  absl::MutexLock lock(&mutex_);
  return by_use_.size();
}

std::shared_ptr<const render::Template> CompiledCache::Find(const std::string& key) {
  absl::MutexLock lock(&mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  by_use_.splice(by_use_.begin(), by_use_, found->second);
  return found->second->compiled;
}

void CompiledCache::Keep(const std::string& key, std::shared_ptr<const render::Template> compiled) {
  absl::MutexLock lock(&mutex_);
  if (by_key_.contains(key)) return;  // another thread compiled it too
  by_use_.push_front({key, std::move(compiled)});
  by_key_.emplace(key, by_use_.begin());
  while (by_use_.size() > capacity_) {
    by_key_.erase(by_use_.back().key);
    by_use_.pop_back();
  }
}

}  // namespace lmsmail::templates
