#include "services/template/domain/compiled_cache.h"

#include <utility>

#include "libs/status/status_macros.h"
#include "services/template/domain/declarations.h"

namespace lmsmail::templates {

absl::StatusOr<std::shared_ptr<const render::Template>> Compile(const TemplateContent& content,
                                                                const LocalizedContent& localized) {
  return render::Template::Compile(
      {.subject = localized.subject, .html = localized.html, .text = localized.text},
      ToRender(content.variables));
}

absl::StatusOr<std::shared_ptr<const render::Template>> CompiledCache::Get(
    const Version& version, const LocalizedContent& localized) {
  // Versions and templates with equal digests share an entry: their content is equal.
  const std::string key = version.digest + localized.language_code;
  if (auto compiled = Find(key)) return compiled;
  LMSMAIL_ASSIGN_OR_RETURN(auto compiled, Compile(version.content, localized));
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
  if (by_key_.contains(key)) return;  // compiled by another thread meanwhile
  by_use_.push_front({key, std::move(compiled)});
  by_key_.emplace(key, by_use_.begin());
  while (by_use_.size() > capacity_) {
    by_key_.erase(by_use_.back().key);
    by_use_.pop_back();
  }
}

}  // namespace lmsmail::templates
